"""e3nn on PyTorch: one path per allowed triple of degrees, channel by channel."""

from __future__ import annotations

import time as clock
from typing import Any

import e3nn  # type: ignore[import-untyped]
import numpy as np
import torch
from e3nn import o3

from harmonics import path_weight
from problem import Candidate, Problem, arrange

torch.set_num_threads(1)
torch.set_num_interop_threads(1)

MODES = {"e3nn": "default", "e3nn script": "script", "e3nn compile": "compile"}
"""How the generated code is run, by the name of the candidate."""


def irreps(channels: int, lmax: int) -> o3.Irreps:
    """Channels times every degree, with the parity of the harmonics."""
    return o3.Irreps([(channels, (l, (-1) ** l)) for l in range(lmax + 1)])


def instructions(lmax: int, lmax_out: int) -> list[tuple[int, int, int, str, bool, float]]:
    """All paths of even l1 + l2 + l3, without learnable weights.

    e3nn multiplies a path by the square root of its path weight: the factor of the Gaunt product goes in squared.
    """
    return [
        (l1, l2, l3, "uuu", False, path_weight(l1, l2, l3) ** 2)
        for l1 in range(lmax + 1)
        for l2 in range(lmax + 1)
        for l3 in range(abs(l1 - l2), min(l1 + l2, lmax_out) + 1, 2)
    ]


def module(problem: Problem, mode: str) -> Any:
    """The tensor product, with e3nn's generated code run in one of MODES."""
    defaults = e3nn.get_optimization_defaults()
    if mode == "script":
        e3nn.set_optimization_defaults(jit_mode="script")
    try:
        operand = irreps(problem.channels, problem.lmax)
        output = irreps(problem.channels, problem.lmax_out)
        paths = instructions(problem.lmax, problem.lmax_out)
        tensor_product = o3.TensorProduct(
            operand, operand, output, paths, irrep_normalization="none", path_normalization="none"
        ).eval()
    finally:
        e3nn.set_optimization_defaults(jit_mode=defaults["jit_mode"])
    return torch.compile(tensor_product, fullgraph=True, dynamic=False) if mode == "compile" else tensor_product


def candidate(problem: Problem, name: str, mode: str) -> Candidate:
    """e3nn's tensor product in one of MODES, compiled and warmed up."""
    tensor_product = module(problem, mode)
    x, y = (torch.from_numpy(arrange("e3nn_blocks", operand)) for operand in problem.operands)

    def time(calls: int) -> float:
        with torch.inference_mode():
            start = clock.perf_counter()
            for _ in range(calls):
                tensor_product(x, y)
            return clock.perf_counter() - start

    def result() -> np.ndarray[Any, np.dtype[np.float32]]:
        with torch.inference_mode():
            values: np.ndarray[Any, np.dtype[np.float32]] = tensor_product(x, y).numpy()
            return values

    # TorchScript specialises itself during the first calls.
    time(3)
    note = f"jit_mode {e3nn.get_optimization_defaults()['jit_mode']}" if mode == "default" else ""
    return Candidate(name, "e3nn", "e3nn_blocks", time, result, note=note)
