#!/bin/sh
# Puts the parts of a PC with AVX-512 into DIR: the emulator Bochs (DIR/bochs), firmware, a boot loader, a Linux kernel
# and busybox (DIR/root). Installs nothing system-wide.
#
#     ffi-tests/avx512/fetch.sh DIR
#
# Works on amd64 with the package sources of Debian 12, and needs g++, make and xz-utils. The packages are fetched by
# apt and unpacked. Bochs is compiled, which takes some minutes: its release 3.0, with optimisations, is several times
# as fast as Debian 12's package. An existing DIR/bochs is kept.
set -eu

if [ $# -ne 1 ]; then
    echo "usage: $0 DIR" >&2
    exit 2
fi
if [ "$(dpkg --print-architecture 2>/dev/null)" != amd64 ]; then
    echo "$0: needs Debian on amd64" >&2
    exit 1
fi
for tool in g++ make xz; do
    command -v $tool >/dev/null || {
        echo "$0: $tool not found: apt-get install g++ make xz-utils" >&2
        exit 1
    }
done
mkdir -p "$1"
dir=$(cd "$1" && pwd)
[ -x "$dir/bochs" ] && exit 0

# The machine's package sources, with lists and packages under DIR (where apt's own user, to which it would drop root's
# rights, may not be allowed to write).
rm -rf "$dir/apt" "$dir/debs" "$dir/root" "$dir/source"
mkdir -p "$dir/apt/lists/partial" "$dir/apt/cache/archives/partial" "$dir/debs" "$dir/root" "$dir/source"
cat >"$dir/apt/apt.conf" <<END
Dir::State::lists "$dir/apt/lists";
Dir::Cache "$dir/apt/cache";
APT::Sandbox::User "root";
END
export APT_CONFIG="$dir/apt/apt.conf"

apt-get -qq update
kernel=$(apt-cache depends linux-image-cloud-amd64 | sed -n 's/^ *Depends: \(linux-image-[0-9].*\)$/\1/p')
(cd "$dir/debs" && apt-get -qq download "$kernel" busybox-static bochsbios vgabios \
    isolinux syslinux-common genisoimage libmagic1)
for deb in "$dir"/debs/*.deb; do
    dpkg-deb -x "$deb" "$dir/root"
done

mirror=$(apt-get indextargets --format '$(ORIGIN) $(REPO_URI)' 'Created-By: Packages' | sed -n '/^Debian /{s///p;q}')
/usr/lib/apt/apt-helper -qq download-file "${mirror}pool/main/b/bochs/bochs_3.0+dfsg.orig.tar.xz" "$dir/bochs.tar.xz" \
    SHA256:78f6c73d4a6472d5130a87ab9dc306d02c7c71ed8e25b3a8ef642e2a7acd282b
tar -C "$dir/source" --strip-components=1 -xf "$dir/bochs.tar.xz"
echo "compiling Bochs (log: $dir/bochs.log)"
(
    cd "$dir/source"
    export CFLAGS="-O2 -fomit-frame-pointer" CXXFLAGS="-O2 -fomit-frame-pointer"
    ./configure --with-nogui --disable-docbook --enable-cpu-level=6 --enable-x86-64 --enable-avx --enable-evex \
        --enable-pci --enable-cdrom --enable-all-optimizations --disable-stats
    make -j"$(nproc)"
) >"$dir/bochs.log" 2>&1
strip -o "$dir/bochs.new" "$dir/source/bochs"
rm -r "$dir/apt" "$dir/debs" "$dir/source" "$dir/bochs.tar.xz"
mv "$dir/bochs.new" "$dir/bochs" # last: says that everything is there
