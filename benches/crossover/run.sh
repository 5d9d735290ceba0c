#!/bin/sh
# Measures which engine is fastest, for `Engine::Auto`: every operation by direct and grid at every pair of degrees that both
# serve, output to the larger degree and to the sum, on every ISA level of this machine, and by grid and fourier up to degree
# 128 on levels with vectors: scalar code follows the choice for them, though at degree 64 its grid is faster for f32. Operands
# of product and bracket together have one part. Writes the machine and one object per measurement to
# benches/crossover/measured.jsonl, in place of what was measured on a machine of the same name, beside that of others; a test
# holds Auto's choice against all of them.
# Takes minutes; nothing else should run.
set -eu
cd "$(dirname "$0")/../.."

small=$(for l1 in 0 1 2 3 4; do
    for l2 in $(seq 0 "$l1"); do
        for l3 in "$l1" $((l1 + l2)); do
            echo "${l1}x${l2}x${l3}"
        done
    done
done | sort -u | paste -sd, -)
large=5,8,16,32,48,64,80,96,128,32x32x64,48x48x96,64x64x112,64x64x128,64x16x64,64x64x16,96x96x32,96x32x128,128x8x128,128x128x16

cargo build --release --example throughput
throughput() {
    target/release/examples/throughput --json --rounds 21 --layout lm_channel --dtype all \
        --operation product,bracket,product_and_bracket "$@"
}
vectors=$(for isa in neon avx2 avx512; do
    if target/release/examples/throughput --rounds 1 --degrees 1 --isa "$isa" >/dev/null 2>&1; then echo "$isa"; fi
done | paste -sd, -)
[ -n "$vectors" ] || { echo "no level with vectors on this machine" >&2; exit 1; }
machine=$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)
{
    printf '{"machine":"%s","date":"%s"}\n' "$machine" "$(date +%F)"
    throughput --batch 4x64 --isa all --engine direct,grid --degrees "$small"
    throughput --batch 1x32 --isa "$vectors" --engine grid,fourier --degrees "$large"
} >target/crossover.jsonl
# After all has succeeded (a pipe would hide that a measurement failed), what is in the record of other machines, and not all
# that was reported here.
record=benches/crossover/measured.jsonl
{
    awk -v name="\"$machine\"" '/^{"machine"/ { others = !index($0, name) } others' "$record"
    sed -E 's/,"(slots_per_product|fma_rate_gvec|model_fraction|gb_per_s)":[^,}]*//g' target/crossover.jsonl
} >target/measured.jsonl
mv target/measured.jsonl "$record"
