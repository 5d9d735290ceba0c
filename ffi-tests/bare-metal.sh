#!/bin/sh
# Builds libgaunt.a for a machine without an operating system and proves that it needs nothing from outside: links every
# exported function with no other library.
#
#     ffi-tests/bare-metal.sh
#
# Needs ld.lld (package lld) and `core` for the target: that of rustup if it is installed, otherwise compiled from the
# sources in Debian's packages (kept in target/debian-rust).
set -eu
cd "$(dirname "$0")/.."

target=thumbv7em-none-eabi
command -v ld.lld >/dev/null || {
    echo "$0: ld.lld not found: apt-get install lld" >&2
    exit 1
}
if rustup target list --installed 2>/dev/null | grep -qx $target; then
    build_core=
else
    ffi-tests/debian-rust.sh target/debian-rust
    export RUSTC="$PWD/target/debian-rust/bin/rustc"
    export RUSTC_BOOTSTRAP=1 # for -Z, with a released compiler
    build_core=-Zbuild-std=core
fi
export CARGO_TARGET_DIR=target/bare-metal
cargo build --release --target $target $build_core -p gaunt-c

roots=$(sed 's/^/--undefined=/' ffi-tests/abi/symbols.txt)
# The linker fails on any symbol that is not defined; memcpy and its kin come with the compiler on such targets.
ld.lld -m armelf --entry=gaunt_version $roots --gc-sections --no-undefined \
    $CARGO_TARGET_DIR/$target/release/libgaunt.a -o $CARGO_TARGET_DIR/gaunt.elf
echo "libgaunt.a for $target links alone: $(wc -c <$CARGO_TARGET_DIR/gaunt.elf) bytes"
