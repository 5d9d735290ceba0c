#!/bin/sh
# Runs the Rust tests and the C programs on a CPU with AVX-512 that Bochs emulates (qemu emulates none). On a machine
# whose own CPU has AVX-512, runs the Rust tests there; `cargo test --test ffi` runs the C programs.
#
#     ffi-tests/avx512.sh [NAMES OF RUST TESTS]      (default: all)
#
# Needs Debian 12 on amd64 with g++, make and xz-utils. The first run gets the emulator (avx512/fetch.sh, kept in
# target/avx512/pc; under five minutes on two cores). The tests take about half an hour.
set -eu
cd "$(dirname "$0")/.."

export GAUNT_REQUIRE_ISA=Avx512
has_avx512() {
    for feature in f bw cd dq vl; do
        grep -qw avx512$feature /proc/cpuinfo || return 1
    done
}
if has_avx512; then
    echo "Rust tests on this machine's CPU, which has AVX-512"
    exec cargo test --lib -- "$@"
fi

pc=target/avx512/pc
ffi-tests/avx512/fetch.sh $pc
export CARGO_TARGET_DIR=target/avx512

echo "Rust tests with AVX-512"
target=x86_64-unknown-linux-gnu # named, so that the flags are not for build scripts and macros
# The tests skipped read the source tree. The other levels are tested natively, about a hundred times as fast.
CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUSTFLAGS="-C target-feature=+crt-static" \
    CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUNNER="ffi-tests/avx512/run.sh $pc" GAUNT_ONLY_ISA=Avx512 \
    cargo test --target $target --lib -- --skip fences --skip generated "$@"

cargo build --release -p gaunt-c
for program in abi statuses vectors semantics derivatives threads harmonics conversion rotation; do
    echo "$program.c with AVX-512"
    gcc -std=c99 -Wall -Wextra -Wpedantic -Werror -O1 -static -pthread -Iinclude \
        ffi-tests/c/$program.c $CARGO_TARGET_DIR/release/libgaunt.a -lm -o $CARGO_TARGET_DIR/$program
    ffi-tests/avx512/run.sh $pc $CARGO_TARGET_DIR/$program ffi-tests/vectors/vectors.txt
done
