#!/bin/sh
# How time, memory and errors grow with the degree: measures the engines for large degrees, L from 8 to 128, operands and
# output, and writes results.jsonl, results.md (tables, exponents, errors) and results.svg (plot) beside this script, or into
# the folder given. Takes some minutes; nothing else should run.
set -eu
cd "$(dirname "$0")/../.."
folder=${1:-benches/growth}

cargo build --release --example throughput
cargo build --release -p gaunt-c
machine=$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)
{
    printf '{"machine":"%s","date":"%s"}\n' "$machine" "$(date +%F)"
    target/release/examples/throughput --json --rounds 11 --layout lm_channel --batch 1x32 --dtype all \
        --engine grid,fourier --degrees 8,12,16,24,32,48,64,96,128
} >target/growth.jsonl
mv target/growth.jsonl "$folder/results.jsonl"
python3 -B benches/growth/report.py "$folder" target/release/libgaunt.so
