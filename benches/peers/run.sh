#!/usr/bin/env bash
# Measures gaunt against its peers: see README.md, or run with --help.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
target=${CARGO_TARGET_DIR:-$root/target}
work=$target/peers

fail() {
    echo "peers: error: $*" >&2
    exit 1
}

need() {
    command -v "$1" >/dev/null || fail "$1 not found: $2"
}

[[ $(uname -s) == Linux ]] || fail "needs Linux, to bind the process to one core"
need python3 "Python 3.11 or later runs the benchmark"
python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || fail "needs Python 3.11 or later"
export PYTHONDONTWRITEBYTECODE=1

# Says what is wrong with the options before anything is built.
python3 "$here/options.py" "$@"
for argument in "$@"; do
    [[ $argument == -h || $argument == --help ]] && exit 0
done

need taskset "binds the process to one core (util-linux)"
need cargo "builds the library, Rust 1.89 or later"
CC=${CC:-cc}
need "$CC" "a C compiler builds the sparse loop; set CC to another one"
python3 -c 'import ensurepip, venv' 2>/dev/null ||
    fail "this python3 cannot make virtual environments (venv, ensurepip)"

# Python packages, again when the list changes.
stamp=$work/installed.txt
if ! cmp -s "$here/requirements.txt" "$stamp"; then
    echo "peers: installing Python packages into $work/venv" >&2
    python3 -m venv --clear "$work/venv"
    "$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check -r "$here/requirements.txt" ||
        fail "pip could not install the packages of requirements.txt"
    cp "$here/requirements.txt" "$stamp"
fi

cargo build --release --manifest-path "$root/Cargo.toml" --target-dir "$target" -p gaunt-c
mkdir -p "$work"
"$CC" -std=gnu11 -O3 -march=native -Wall -Wextra -fPIC -shared -I"$root/include" \
    "$here/sparse_cg.c" "$here/timing.c" -o "$work/libpeers.so"

export CC PEERS_GAUNT=$target/release/libgaunt.so PEERS_NATIVE=$work/libpeers.so
export TORCHINDUCTOR_CACHE_DIR=$work/inductor TORCHINDUCTOR_COMPILE_THREADS=1
export OMP_NUM_THREADS=1 MKL_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
export XLA_FLAGS="--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
export JAX_PLATFORMS=cpu CUDA_VISIBLE_DEVICES=
core=$(python3 -c 'import os; print(max(os.sched_getaffinity(0)))')
"$work/venv/bin/python" -m doctest "$here/harmonics.py"
exec taskset --cpu-list "$core" "$work/venv/bin/python" "$here/compare.py" "$@"
