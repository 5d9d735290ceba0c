"""One case of the benchmark: degrees, inputs, the reference, and the memory layouts in which candidates take them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harmonics import gaunt_tensor, n_lm, product

Floats = NDArray[np.float32]

SQRT_4PI = float(np.sqrt(4 * np.pi))


class NotAvailable(Exception):
    """A candidate cannot take part in this case; the message says why."""


@dataclass(frozen=True)
class Problem:
    """A batch of products: operands to degree lmax both, the output to degree lmax_out."""

    lmax: int
    lmax_out: int
    samples: int
    channels: int

    @property
    def products(self) -> int:
        """Products of one call: one per sample and channel."""
        return self.samples * self.channels

    @cached_property
    def operands(self) -> tuple[Floats, Floats]:
        """Two arrays of normally distributed coefficients, [sample][channel][lm]."""
        random = np.random.default_rng(1000 * self.lmax + self.lmax_out)
        shape = (self.samples, self.channels, n_lm(self.lmax))
        x, y = (random.standard_normal(shape).astype(np.float32) for _ in range(2))
        return x, y

    @cached_property
    def reference(self) -> NDArray[np.float64]:
        """The product by quadrature in double precision, [sample][channel][lm]."""
        x, y = (operand.astype(np.float64) for operand in self.operands)
        return product(x, y, self.lmax, self.lmax_out)

    @cached_property
    def tensor(self) -> NDArray[np.float64]:
        """All coupling coefficients, [lm1][lm2][lm3]."""
        return gaunt_tensor(self.lmax, self.lmax_out)

    def deviation(self, result: NDArray[Any]) -> float:
        """The largest deviation of a result [sample][channel][lm] from the reference, in units of its largest entry."""
        if result.shape != self.reference.shape or not np.isfinite(result).all():
            return float("inf")
        return float(np.abs(result - self.reference).max() / np.abs(self.reference).max())


@dataclass
class Candidate:
    """Something that multiplies, with its inputs already in place."""

    name: str
    """As it is called in tables."""
    family: str
    """Whose code it is: gaunt, c, e3nn or jax."""
    layout: str
    """Memory layout of its arrays, one of LAYOUTS."""
    time: Callable[[int], float]
    """Seconds of that many calls in a row; one call is the whole batch."""
    result: Callable[[], NDArray[np.float32]]
    """The result in its own layout, from a call of its own or left by the last one."""
    scale: float = 1.0
    """The result is the reference times this factor, by the conventions of the package."""
    note: str = ""
    """What it chose itself, such as an engine."""


def to_lm_channel(values: NDArray[Any]) -> NDArray[Any]:
    """[sample][channel][lm] to [sample][lm][channel]."""
    return np.ascontiguousarray(values.transpose(0, 2, 1))


def to_e3nn_blocks(values: NDArray[Any]) -> NDArray[Any]:
    """[sample][channel][lm] to, per sample, one block [channel][2l + 1] for each degree: [sample][lm * channel]."""
    lmax = int(np.sqrt(values.shape[2])) - 1
    blocks = [values[:, :, l * l : (l + 1) ** 2].reshape(len(values), -1) for l in range(lmax + 1)]
    return np.ascontiguousarray(np.concatenate(blocks, axis=1))


def from_e3nn_blocks(values: NDArray[Any], samples: int, channels: int) -> NDArray[Any]:
    """The inverse of to_e3nn_blocks."""
    flat = values.reshape(samples, -1)
    lmax = int(np.sqrt(flat.shape[1] // channels)) - 1
    bounds = [(channels * l * l, channels * (l + 1) ** 2) for l in range(lmax + 1)]
    return np.concatenate([flat[:, a:b].reshape(samples, channels, -1) for a, b in bounds], axis=2)


def arrange(layout: str, values: NDArray[Any]) -> NDArray[Any]:
    """An array [sample][channel][lm] in a layout of LAYOUTS."""
    return LAYOUTS[layout](values)


def restore(layout: str, values: NDArray[Any], samples: int, channels: int) -> NDArray[Any]:
    """The inverse of arrange: [sample][channel][lm]."""
    if layout == "e3nn_blocks":
        return from_e3nn_blocks(values, samples, channels)
    if layout == "lm_channel":
        return values.reshape(samples, -1, channels).transpose(0, 2, 1)
    return values.reshape(samples, channels, -1)


LAYOUTS: dict[str, Callable[[NDArray[Any]], NDArray[Any]]] = {
    "lm_channel": to_lm_channel,
    "e3nn_blocks": to_e3nn_blocks,
    "channel_lm": np.ascontiguousarray,
}
