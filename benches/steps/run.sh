#!/bin/sh
# How many instructions a product takes, by kind: exact, and the same while other work runs, where times and even the rate of
# multiply-adds are not. Needs x86-64 Linux, a C compiler, objdump and Python 3.10 or later; for options see report.py. To see
# what a change does to instructions: run it before and after.
set -eu
cd "$(dirname "$0")/../.."
cargo build --release -p gaunt-c
mkdir -p target/steps
${CC:-cc} -std=c11 -O1 -Wall -Wextra -Iinclude benches/steps/steps.c target/release/libgaunt.so \
    -Wl,-rpath,"$PWD/target/release" -ldl -o target/steps/steps
exec python3 -B benches/steps/report.py target/steps/steps target/release/libgaunt.so "$@"
