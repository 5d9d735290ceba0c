#!/bin/sh
# Measures which engine is fastest, for `Engine::Auto`: direct and grid at every pair of degrees that both serve, output to
# the larger degree and to the sum, on every ISA level of this machine, and grid and fourier up to degree 128 on levels with
# vectors: scalar code follows the choice for them, though at degree 64 its grid is faster for f32. Writes the machine and one
# object per measurement to benches/crossover/measured.jsonl, which a test holds Auto's choice against.
# Takes minutes; nothing else should run.
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
    target/release/examples/throughput --json --rounds 21 --layout lm_channel --batch 1x32 --dtype all --isa all \
        --engine grid,fourier --degrees 5,8,16,32,48,64,80,96,128,32x32x64,48x48x96,64x64x128,64x16x64,64x64x16,96x96x32,128x8x128,128x128x16
} >target/crossover.jsonl
# (After both have succeeded: a pipe would hide that one failed.)
sed '/"isa":"scalar".*"samples":1,/d' target/crossover.jsonl >benches/crossover/measured.jsonl
