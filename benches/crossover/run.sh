#!/bin/sh
# Measures where the direct engine is faster than the grid, for `Engine::Auto`: every pair of degrees that both serve,
# output to the larger degree and to the sum, on every ISA level of this machine. Writes the machine and one object per
# measurement to benches/crossover/measured.jsonl, which a test holds Auto's choice against. Takes minutes; nothing else
# should run.
set -eu
cd "$(dirname "$0")/../.."

degrees=$(for l1 in 0 1 2 3 4; do
    for l2 in $(seq 0 "$l1"); do
        for l3 in "$l1" $((l1 + l2)); do
            echo "${l1}x${l2}x${l3}"
        done
    done
done | sort -u | paste -sd, -)

cargo build --release --example throughput
machine=$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)
{
    printf '{"machine":"%s","date":"%s"}\n' "$machine" "$(date +%F)"
    target/release/examples/throughput --json --rounds 21 --layout lm_channel --batch 4x64 --dtype all --isa all \
        --engine direct,grid --degrees "$degrees"
} >target/crossover.jsonl
mv target/crossover.jsonl benches/crossover/measured.jsonl
