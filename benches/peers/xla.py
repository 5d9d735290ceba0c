"""e3nn-jax: the product of signals on its grid on the sphere, and the dense coupling tensor in einsums."""

from __future__ import annotations

import time as clock
from collections.abc import Callable
from functools import partial
from typing import Any

import e3nn_jax  # type: ignore[import-untyped]
import jax
import jax.numpy as jnp
import numpy as np

from problem import SQRT_4PI, Candidate, NotAvailable, Problem

MAX_DENSE_BYTES = 4 << 30


def grid_product(problem: Problem, fft: bool) -> Callable[[jax.Array, jax.Array], jax.Array]:
    """To the smallest exact Gauss-Legendre grid, times, and back; arrays are [sample][channel][lm].

    e3nn_jax takes only odd numbers of meridians for its Fourier transform; one is added if need be.
    """
    degree = 2 * problem.lmax + problem.lmax_out
    n_beta, n_alpha = degree // 2 + 1, degree + 1
    if fft:
        n_alpha += 1 - n_alpha % 2

    def values(coefficients: jax.Array) -> jax.Array:
        array = e3nn_jax.IrrepsArray(e3nn_jax.s2_irreps(problem.lmax), coefficients)
        grid: jax.Array = e3nn_jax.to_s2grid(
            array, n_beta, n_alpha, quadrature="gausslegendre", fft=fft, p_val=1, p_arg=-1
        ).grid_values
        return grid

    def multiply(x: jax.Array, y: jax.Array) -> jax.Array:
        signal = e3nn_jax.SphericalSignal(values(x) * values(y), "gausslegendre", p_val=1, p_arg=-1)
        out: jax.Array = e3nn_jax.from_s2grid(signal, e3nn_jax.s2_irreps(problem.lmax_out), fft=fft).array
        return out

    return multiply


def dense_product(problem: Problem, pairs_first: bool) -> Callable[[jax.Array, jax.Array], jax.Array]:
    """Einsums with the whole tensor [lm1][lm2][lm3]; arrays are [sample][channel][lm].

    Either all pairs of coefficients first, or the matrix first by which one operand multiplies the other.
    """
    n_in, _, n_out = problem.tensor.shape
    n_bytes = 4 * problem.products * n_in * (n_in if pairs_first else n_out)
    if n_bytes > MAX_DENSE_BYTES:
        raise NotAvailable(f"the intermediate array takes {n_bytes / 2**30:.1f} GiB")
    tensor = jnp.asarray(problem.tensor, jnp.float32)

    def multiply(x: jax.Array, y: jax.Array) -> jax.Array:
        if pairs_first:
            return jnp.einsum("scij,ijk->sck", x[..., :, None] * y[..., None, :], tensor)
        return jnp.einsum("scj,scjk->sck", y, jnp.einsum("sci,ijk->scjk", x, tensor))

    return multiply


PRODUCTS: dict[str, Callable[[Problem], Callable[[jax.Array, jax.Array], jax.Array]]] = {
    "e3nn-jax grid": partial(grid_product, fft=False),
    "e3nn-jax grid fft": partial(grid_product, fft=True),
    "JAX dense pairs": partial(dense_product, pairs_first=True),
    "JAX dense matrix": partial(dense_product, pairs_first=False),
}
"""Ways to multiply, by the name of the candidate."""


def candidate(problem: Problem, name: str) -> Candidate:
    """One of PRODUCTS, jitted and warmed up."""
    multiply = jax.jit(PRODUCTS[name](problem))
    x, y = (jnp.asarray(operand) for operand in problem.operands)

    def time(calls: int) -> float:
        start = clock.perf_counter()
        for _ in range(calls):
            multiply(x, y).block_until_ready()
        return clock.perf_counter() - start

    def result() -> np.ndarray[Any, np.dtype[np.float32]]:
        return np.asarray(multiply(x, y))

    time(2)
    # On its grid, e3nn-jax means harmonics of norm sqrt(4 pi); their products differ by that factor.
    return Candidate(name, "jax", "channel_lm", time, result, scale=SQRT_4PI if "grid" in name else 1.0)
