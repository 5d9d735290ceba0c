#!/bin/sh
# Runs the Rust tests and the C programs for aarch64 (NEON), emulated by qemu.
#
#     ffi-tests/aarch64.sh [CARGO TEST ARGUMENTS]      (default: --lib)
#
# Needs qemu-user-static, gcc-aarch64-linux-gnu and libc6-dev-arm64-cross, and the Rust target: that of rustup if it is
# installed, Debian's packages otherwise (kept in target/debian-rust).
set -eu
cd "$(dirname "$0")/.."

target=aarch64-unknown-linux-gnu
for tool in qemu-aarch64-static aarch64-linux-gnu-gcc; do
    if ! command -v $tool >/dev/null; then
        echo "$0: $tool not found: apt-get install qemu-user-static gcc-aarch64-linux-gnu libc6-dev-arm64-cross" >&2
        exit 1
    fi
done
if ! rustup target list --installed 2>/dev/null | grep -qx $target; then
    ffi-tests/debian-rust.sh target/debian-rust
    export RUSTC="$PWD/target/debian-rust/bin/rustc" # for the host's build scripts and macros too: one compiler for all
fi
export CARGO_TARGET_DIR=target/aarch64
export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc
export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER="qemu-aarch64-static -L /usr/aarch64-linux-gnu"

[ $# -gt 0 ] || set -- --lib
echo "Rust tests on $target"
cargo test --target $target "$@"

cargo build --release --target $target -p gaunt-c
for program in abi statuses vectors semantics derivatives threads harmonics conversion rotation; do
    echo "$program.c on $target"
    aarch64-linux-gnu-gcc -std=c99 -Wall -Wextra -Wpedantic -Werror -O1 -static -pthread -Iinclude \
        ffi-tests/c/$program.c $CARGO_TARGET_DIR/$target/release/libgaunt.a -lm -o $CARGO_TARGET_DIR/$program
    qemu-aarch64-static $CARGO_TARGET_DIR/$program ffi-tests/vectors/vectors.txt
done
