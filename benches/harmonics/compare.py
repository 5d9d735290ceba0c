"""Times harmonics of vectors, by gaunt and by sphericart, after checking that both agree."""

from __future__ import annotations

import argparse
import ctypes
import os
import random
import statistics
import sys
import time
from collections.abc import Callable
from ctypes import POINTER, byref, c_char_p, c_int32, c_size_t, c_uint32, c_uint64, c_void_p
from importlib.metadata import version
from typing import Any

import numpy as np
import sphericart
from numpy.typing import NDArray

ABI_VERSION = 1
ALIGNMENT = 64
ISA_LEVELS = {1: "scalar", 2: "neon", 3: "avx2", 4: "avx512"}
TURN_SECONDS = 0.02

Array = NDArray[Any]
Candidate = Callable[[], Any]


class HarmonicsDesc(ctypes.Structure):
    """gaunt_harmonics_desc of the header, member by member."""

    _fields_ = [
        ("struct_size", c_uint32),
        *((name, c_int32) for name in ("lmax", "layout", "normalization", "kind", "isa")),
        ("n_channels", c_uint64),
        ("reserved", c_uint64 * 4),
    ]


class Gaunt:
    """The library, loaded from its shared object."""

    def __init__(self, path: str) -> None:
        self.library = ctypes.CDLL(path)
        self.library.gaunt_status_string.restype = c_char_p
        self.library.gaunt_harmonics_desc_init.argtypes = [POINTER(HarmonicsDesc), c_uint32]
        self.library.gaunt_harmonics_memory.argtypes = [POINTER(HarmonicsDesc), POINTER(c_size_t)]
        if self.library.gaunt_abi_version() != ABI_VERSION:
            raise RuntimeError(f"{path}: binary interface {self.library.gaunt_abi_version()}, expected {ABI_VERSION}")

    @property
    def isa(self) -> str:
        """The level that it takes on this CPU."""
        return ISA_LEVELS[self.library.gaunt_cpu_isa()]

    def check(self, status: int) -> None:
        """Raises what a call reported."""
        if status != 0:
            raise RuntimeError("gaunt: " + self.library.gaunt_status_string(c_int32(status)).decode())


class Problem:
    """One degree and element type: arrays, candidates, and whether they agree."""

    def __init__(self, gaunt: Gaunt, lmax: int, dtype: type, n: int) -> None:
        self.gaunt, self.n = gaunt, n
        suffix = "f32" if dtype is np.float32 else "f64"
        self.unit = float(np.finfo(dtype).eps) / 2
        self.lmax, self.xyz = lmax, np.random.default_rng(lmax).standard_normal((n, 3)).astype(dtype)
        self.desc, workspace_bytes = HarmonicsDesc(), c_size_t()
        gaunt.check(gaunt.library.gaunt_harmonics_desc_init(byref(self.desc), ctypes.sizeof(self.desc)))
        self.desc.lmax = lmax
        gaunt.check(gaunt.library.gaunt_harmonics_memory(byref(self.desc), byref(workspace_bytes)))
        self.workspace = np.zeros(workspace_bytes.value + ALIGNMENT, np.uint8)
        start = self.workspace.ctypes.data
        workspace = (c_void_p(start + -start % ALIGNMENT), workspace_bytes)
        # The values, and their derivatives with respect to x, y and z.
        self.arrays = [np.full((n, (lmax + 1) ** 2), np.nan, dtype) for _ in range(4)]
        self.d_xyz = np.full((n, 3), np.nan, dtype)
        head = (byref(self.desc), c_size_t(n), *self.pointer_and_len(self.xyz))
        pointers = [c_void_p(array.ctypes.data) for array in self.arrays]
        size = c_size_t(self.arrays[0].size)
        self.cotangent = np.random.default_rng(1).standard_normal(self.arrays[0].shape).astype(dtype)
        calls = {
            "values": (*head, pointers[0], size, *workspace),
            "gradients": (*head, *pointers, size, *workspace),
            "vjp": (*head, *self.pointer_and_len(self.cotangent), *self.pointer_and_len(self.d_xyz), *workspace),
        }
        peer = sphericart.SphericalHarmonics(lmax)
        self.candidates: dict[str, Candidate] = {
            f"gaunt {name}": self.call(getattr(gaunt.library, f"gaunt_harmonics_{name}_{suffix}"), arguments)
            for name, arguments in calls.items()
        }
        self.candidates["sphericart values"] = lambda: peer.compute(self.xyz)
        self.candidates["sphericart gradients"] = lambda: peer.compute_with_gradients(self.xyz)

    @staticmethod
    def pointer_and_len(array: Array) -> tuple[c_void_p, c_size_t]:
        """As the C functions take arrays."""
        return c_void_p(array.ctypes.data), c_size_t(array.size)

    def call(self, function: Any, arguments: tuple[Any, ...]) -> Candidate:
        """A call of the library that raises what it reports."""
        return lambda: self.gaunt.check(function(*arguments))

    def check(self) -> None:
        """Raises unless both agree: values and gradients to the error of the recurrence that sphericart uses."""
        tolerance = 16 * (self.lmax + 1) ** 2 * self.unit * np.sqrt(self.lmax + 1)
        for name in ("gaunt values", "gaunt gradients", "gaunt vjp"):
            self.candidates[name]()
        values, gradients = self.candidates["sphericart gradients"]()
        norm = np.linalg.norm(self.xyz, axis=1)[:, None]
        errors = [np.abs(values - self.arrays[0]).max()]
        for axis in range(3):
            errors.append(np.abs((gradients[:, axis] - self.arrays[1 + axis]) * norm).max() / self.lmax)
        pulled = np.einsum("nak,nk->na", gradients.astype(np.float64), self.cotangent.astype(np.float64))
        errors.append(np.abs((pulled - self.d_xyz) * norm).max() / (self.lmax * (self.lmax + 1) ** 2))
        if not max(errors) <= tolerance:  # NaN too
            raise RuntimeError(f"degree {self.lmax}: deviations {errors}, at most {tolerance:.1e} allowed")

    def time(self, rounds: int) -> dict[str, float]:
        """Medians in nanoseconds per vector; candidates take turns, every round in another order."""
        calls = {}
        for name, candidate in self.candidates.items():
            candidate()
            start = time.perf_counter()
            candidate()
            calls[name] = max(1, int(TURN_SECONDS / (time.perf_counter() - start)))
        seconds: dict[str, list[float]] = {name: [] for name in self.candidates}
        order = list(self.candidates)
        for _ in range(rounds):
            random.shuffle(order)
            for name in order:
                candidate = self.candidates[name]
                start = time.perf_counter()
                for _ in range(calls[name]):
                    candidate()
                seconds[name].append((time.perf_counter() - start) / calls[name])
        return {name: statistics.median(times) / self.n * 1e9 for name, times in seconds.items()}


def main() -> None:
    """Prints a table per element type."""
    parser = argparse.ArgumentParser(prog="run.sh", description=__doc__)
    parser.add_argument("--lmax", type=int, nargs="+", default=list(range(1, 11)), help="degrees (default 1 to 10)")
    parser.add_argument("--vectors", type=int, default=10_000, help="vectors of a call (default 10000)")
    parser.add_argument("--rounds", type=int, default=15, help="turns of every candidate (default 15)")
    options = parser.parse_args()
    gaunt = Gaunt(os.environ["HARMONICS_GAUNT"])
    print(f"gaunt ({gaunt.isa}) and sphericart {version('sphericart')}, one core, {options.vectors} vectors")
    print(f"nanoseconds per vector, medians of {options.rounds} turns; load {os.getloadavg()[0]:.2f}")
    for dtype in (np.float32, np.float64):
        print(f"\n{dtype.__name__}\n")
        print("| L | gaunt Y | sphericart Y | factor | gaunt Y, ∇Y | sphericart Y, ∇Y | factor | gaunt vjp |")
        print("| --- " * 8 + "|")
        for lmax in options.lmax:
            problem = Problem(gaunt, lmax, dtype, options.vectors)
            problem.check()
            ns = problem.time(options.rounds)
            cells = [str(lmax)]
            for what in ("values", "gradients"):
                ours, theirs = ns[f"gaunt {what}"], ns[f"sphericart {what}"]
                cells += [f"{ours:.1f}", f"{theirs:.1f}", f"{theirs / ours:.2f}"]
            print("| " + " | ".join([*cells, f"{ns['gaunt vjp']:.1f}"]) + " |")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
