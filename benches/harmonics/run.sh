#!/usr/bin/env bash
# Times harmonics of vectors beside sphericart: see README.md, or run with --help.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
target=${CARGO_TARGET_DIR:-$root/target}
work=$target/harmonics

fail() {
    echo "harmonics: error: $*" >&2
    exit 1
}

need() {
    command -v "$1" >/dev/null || fail "$1 not found: $2"
}

[[ $(uname -s) == Linux ]] || fail "needs Linux, to bind the process to one core"
need python3 "Python 3.11 or later runs the benchmark"
need taskset "binds the process to one core (util-linux)"
need cargo "builds the library, Rust 1.89 or later"
python3 -c 'import ensurepip, venv' 2>/dev/null ||
    fail "this python3 cannot make virtual environments (venv, ensurepip)"
export PYTHONDONTWRITEBYTECODE=1

# Python packages, again when the list changes.
stamp=$work/installed.txt
if ! cmp -s "$here/requirements.txt" "$stamp"; then
    echo "harmonics: installing Python packages into $work/venv" >&2
    python3 -m venv --clear "$work/venv"
    "$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check -r "$here/requirements.txt" ||
        fail "pip could not install the packages of requirements.txt"
    cp "$here/requirements.txt" "$stamp"
fi

cargo build --release --manifest-path "$root/Cargo.toml" --target-dir "$target" -p gaunt-c
export HARMONICS_GAUNT=$target/release/libgaunt.so OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
core=$(python3 -c 'import os; print(max(os.sched_getaffinity(0)))')
exec taskset --cpu-list "$core" "$work/venv/bin/python" "$here/compare.py" "$@"
