"""The candidates with a C interface, the library itself and the sparse loop; the core's rate of multiply-adds."""

from __future__ import annotations

import ctypes
from ctypes import POINTER, byref, c_char_p, c_double, c_float, c_int32, c_size_t, c_uint32, c_uint64, c_void_p
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harmonics import n_lm
from problem import Candidate, Problem, arrange

ABI_VERSION = 1
ALIGNMENT = 64
DTYPE_F32 = 1
LAYOUT_NUMBERS = {"lm_channel": 0, "channel_lm": 1, "e3nn_blocks": 2}
ENGINES = {1: "direct", 2: "grid", 3: "fourier"}
ISA_LEVELS = {1: "scalar", 2: "neon", 3: "avx2", 4: "avx512"}


class PlanDesc(ctypes.Structure):
    """gaunt_plan_desc of the header, member by member."""

    _fields_ = [
        ("struct_size", c_uint32),
        *((name, c_int32) for name in ("operation", "dtype", "lmax1", "lmax2", "lmax3", "layout", "normalization")),
        *((name, c_int32) for name in ("parts1", "parts2", "broadcast1", "broadcast2")),
        *((name, c_int32) for name in ("weights1", "weights2", "weights3", "engine", "isa", "reserved0")),
        ("n_channels", c_uint64),
        ("reserved", c_uint64 * 4),
    ]


class SparseTerms(ctypes.Structure):
    """sparse_terms of sparse_cg.c."""

    _fields_ = [(name, c_void_p) for name in ("first", "i", "j", "value")]


def aligned(n_bytes: int) -> NDArray[np.uint8]:
    """Memory that starts at a multiple of ALIGNMENT."""
    memory = np.zeros(n_bytes + ALIGNMENT, np.uint8)
    offset = -memory.ctypes.data % ALIGNMENT
    return memory[offset : offset + n_bytes]


def aligned_copy(values: NDArray[Any]) -> NDArray[np.float32]:
    """A flat, aligned copy in single precision."""
    copy = aligned(4 * values.size).view(np.float32)
    copy[:] = values.ravel()
    return copy


class Gaunt:
    """The library, loaded from its shared object."""

    def __init__(self, path: Path) -> None:
        library = ctypes.CDLL(str(path))
        library.gaunt_status_string.restype = c_char_p
        library.gaunt_version.restype = c_uint32
        library.gaunt_plan_memory.argtypes = [POINTER(PlanDesc), POINTER(c_size_t), POINTER(c_size_t)]
        library.gaunt_plan_init.argtypes = [POINTER(PlanDesc), c_void_p, c_size_t, POINTER(c_void_p)]
        library.gaunt_plan_describe.argtypes = [c_void_p, POINTER(PlanDesc), c_uint32]
        if library.gaunt_abi_version() != ABI_VERSION:
            raise RuntimeError(f"{path}: binary interface {library.gaunt_abi_version()}, expected {ABI_VERSION}")
        self.library = library

    @property
    def version(self) -> str:
        """Major.minor.patch."""
        number = self.library.gaunt_version()
        return f"{number >> 16}.{number >> 8 & 255}.{number & 255}"

    def check(self, status: int) -> None:
        """Raises what a call reported."""
        if status != 0:
            raise RuntimeError("gaunt: " + self.library.gaunt_status_string(c_int32(status)).decode())

    def candidate(self, native: Native, problem: Problem, layout: str) -> Candidate:
        """The product in a layout, engine and ISA level left to the library."""
        desc = PlanDesc()
        self.check(self.library.gaunt_plan_desc_init(byref(desc), c_uint32(ctypes.sizeof(desc))))
        desc.dtype, desc.layout, desc.n_channels = DTYPE_F32, LAYOUT_NUMBERS[layout], problem.channels
        desc.lmax1, desc.lmax2, desc.lmax3 = problem.lmax, problem.lmax, problem.lmax_out
        plan_bytes, workspace_bytes, plan = c_size_t(), c_size_t(), c_void_p()
        self.check(self.library.gaunt_plan_memory(byref(desc), byref(plan_bytes), byref(workspace_bytes)))
        memory, workspace = aligned(plan_bytes.value), aligned(workspace_bytes.value)
        self.check(self.library.gaunt_plan_init(byref(desc), memory.ctypes.data, plan_bytes, byref(plan)))
        self.check(self.library.gaunt_plan_describe(plan, byref(desc), c_uint32(ctypes.sizeof(desc))))
        x, y = (aligned_copy(arrange(layout, operand)) for operand in problem.operands)
        out = aligned_copy(np.full(problem.products * n_lm(problem.lmax_out), np.nan))

        def time(calls: int) -> float:
            # All arrays are named in here, so they live as long as this function does.
            arrays = [argument for array in (x, y, out, workspace) for argument in (array.ctypes.data, array.size)]
            execute = ctypes.cast(self.library.gaunt_execute_f32, c_void_p)
            seconds: float = native.library.time_gaunt(execute, memory.ctypes.data, problem.samples, *arrays, calls)
            self.check(int(min(seconds, 0)))
            return seconds

        note = f"{ENGINES[desc.engine]}, {ISA_LEVELS[desc.isa]}"
        return Candidate(f"gaunt {layout}", "gaunt", layout, time, lambda: out.copy(), note=note)


class Native:
    """The functions of sparse_cg.c and timing.c."""

    def __init__(self, path: Path) -> None:
        library = ctypes.CDLL(str(path))
        pointer, size = c_void_p, c_size_t
        library.time_gaunt.argtypes = [pointer, pointer, size, *(pointer, size) * 4, size]
        library.time_sparse_cg.argtypes = [POINTER(SparseTerms), *(size,) * 5, *(pointer,) * 3, size]
        library.time_fma.argtypes = [size, POINTER(c_float)]
        for function in (library.time_gaunt, library.time_sparse_cg, library.time_fma):
            function.restype = c_double
        self.library = library

    @property
    def lanes(self) -> int:
        """Single-precision elements of a vector."""
        return int(self.library.fma_lanes())

    def fma_rate(self, repetitions: int = 500_000) -> float:
        """Vector multiply-adds per second of this core, in registers, now."""
        result = c_float()
        seconds = self.library.time_fma(repetitions, byref(result))
        return float(self.library.fma_chains() * repetitions / seconds)

    def sparse(self, problem: Problem) -> Candidate:
        """The loop over the non-zero coefficients, in its only layout, lm_channel."""
        k, i, j = np.nonzero(problem.tensor.transpose(2, 0, 1))
        value = problem.tensor[i, j, k].astype(np.float32)
        n_in, n_out = n_lm(problem.lmax), n_lm(problem.lmax_out)
        first = np.searchsorted(k, np.arange(n_out + 1)).astype(np.int32)
        i, j = i.astype(np.int32), j.astype(np.int32)
        x, y = (aligned_copy(arrange("lm_channel", operand)) for operand in problem.operands)
        out = aligned_copy(np.full(problem.products * n_out, np.nan))

        def time(calls: int) -> float:
            # All arrays are named in here, so they live as long as this function does.
            terms = SparseTerms(*(array.ctypes.data for array in (first, i, j, value)))
            sizes = (problem.samples, problem.channels, n_in, n_in, n_out)
            pointers = (array.ctypes.data for array in (x, y, out))
            seconds: float = self.library.time_sparse_cg(byref(terms), *sizes, *pointers, calls)
            return seconds

        return Candidate("C sparse loop", "c", "lm_channel", time, lambda: out.copy())
