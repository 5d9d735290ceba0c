#!/bin/sh
# Runs a static x86-64 Linux program on an emulated CPU with AVX-512: Bochs boots a PC with a kernel and this program.
#
#     ffi-tests/avx512/run.sh DIR PROGRAM [ARGUMENTS]
#
# DIR is what fetch.sh made. Output and exit status are the program's; it sees the environment variables GAUNT_*, and
# the arguments that are files.
set -eu

pc=$(cd "$1" && pwd)
program=$2
shift 2
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d "$pc/run.XXXXXX")

# The guest's file system, in memory.
mkdir -p "$work/guest/bin" "$work/iso/isolinux"
cp "$pc/root/bin/busybox" "$work/guest/bin/"
cp "$here/init" "$work/guest/"
cp "$program" "$work/guest/program"
{
    env | sed -n "s/^\(GAUNT_[A-Z_]*\)=\(.*\)/export \1='\2'/p"
    printf 'exec /program'
    for argument; do
        printf " '%s'" "$argument"
        [ ! -f "$argument" ] || cp --parents "$argument" "$work/guest/"
    done
} >"$work/guest/command"
(cd "$work/guest" && find . | "$pc/root/bin/busybox" cpio -o -H newc) >"$work/iso/isolinux/initrd" 2>/dev/null

# A CD to boot it from. A kernel told to reboot by a triple fault ends the emulator; also when it panics.
cp "$pc"/root/boot/vmlinuz-* "$work/iso/isolinux/vmlinuz"
cp "$pc/root/usr/lib/ISOLINUX/isolinux.bin" "$pc/root/usr/lib/syslinux/modules/bios/ldlinux.c32" "$work/iso/isolinux/"
cat >"$work/iso/isolinux/isolinux.cfg" <<END
DEFAULT linux
LABEL linux
KERNEL vmlinuz
INITRD initrd
APPEND console=ttyS1 quiet panic=-1 reboot=t cryptomgr.notests
END
LD_LIBRARY_PATH="$pc/root/usr/lib/x86_64-linux-gnu" "$pc/root/usr/bin/genisoimage" -quiet -o "$work/boot.iso" \
    -b isolinux/isolinux.bin -no-emul-boot -boot-load-size 4 -boot-info-table "$work/iso"

# The program writes to the first serial port, which is descriptor 3 here, the kernel to the second.
cat >"$work/bochsrc" <<END
display_library: nogui
cpu: model=corei7_skylake_x, ips=100000000, reset_on_triple_fault=0
megs: 1024
romimage: file=$pc/root/usr/share/bochs/BIOS-bochs-latest
vgaromimage: file=$pc/root/usr/share/vgabios/vgabios.bin
ata0-master: type=cdrom, path=$work/boot.iso, status=inserted
boot: cdrom
com1: enabled=1, mode=file, dev=/dev/fd/3
com2: enabled=1, mode=file, dev=$work/kernel.log
log: $work/bochs.log
panic: action=fatal
error: action=ignore
info: action=ignore
END
(cd "$work" && exec timeout 2h "$pc/bochs" -q -f bochsrc 3>&1 >bochs.out 2>&1 </dev/null) |
    sed -un -e 's/\r$//' -e "/^guest exit status: /{s///w $work/status" -e 'd}' -e p
status=$(cat "$work/status")
if [ -z "$status" ]; then
    echo "$0: the emulated PC failed: see $work" >&2
    exit 125
fi
rm -r "$work"
exit "$status"
