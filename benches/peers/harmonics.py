"""Spherical harmonics, exact quadrature and coupling coefficients in double precision: the benchmark's own truth.

Nothing here comes from the library or from a peer. Harmonics are real and orthonormal, the polar axis is z, without the
Condon-Shortley phase; the coefficient of degree l and order m has the index l*l + l + m.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def n_lm(lmax: int) -> int:
    """Number of coefficients of the degrees 0 to lmax."""
    return (lmax + 1) ** 2


def legendre(lmax: int, x: Array) -> dict[tuple[int, int], Array]:
    """Normalised associated Legendre functions at x = cos(theta), for all 0 <= m <= l <= lmax.

    They are scaled such that multiplying by cos(m phi) or sin(m phi) gives orthonormal harmonics. Arrays have the
    shape of x.
    """
    sine = np.sqrt(1 - x * x)
    table: dict[tuple[int, int], Array] = {}
    diagonal = np.full_like(x, 1 / math.sqrt(4 * math.pi))
    for m in range(lmax + 1):
        if m > 0:
            diagonal = diagonal * sine * math.sqrt((2 * m + 1) / (2 * m))
        below, current = np.zeros_like(x), diagonal
        table[m, m] = current * (math.sqrt(2) if m > 0 else 1)
        for l in range(m + 1, lmax + 1):
            scale = math.sqrt((4 * l * l - 1) / (l * l - m * m))
            damping = math.sqrt(((l - 1) ** 2 - m * m) / (4 * (l - 1) ** 2 - 1))
            below, current = current, scale * (x * current - damping * below)
            table[l, m] = current * (math.sqrt(2) if m > 0 else 1)
    return table


@cache
def quadrature(degree: int) -> tuple[Array, Array, Array]:
    """Points and weights that integrate every polynomial of this degree over the unit sphere exactly.

    Returns cos(theta), phi and the weights, each of shape [point].
    """
    nodes, weights = np.polynomial.legendre.leggauss(degree // 2 + 1)
    n_phi = degree + 1
    phi = 2 * np.pi * np.arange(n_phi) / n_phi
    return np.repeat(nodes, n_phi), np.tile(phi, len(nodes)), np.repeat(weights * 2 * np.pi / n_phi, n_phi)


def harmonics(lmax: int, cos_theta: Array, phi: Array) -> Array:
    """The harmonics of the degrees 0 to lmax at points of shape [point]: [point, lm]."""
    table = legendre(lmax, cos_theta)
    values = np.empty((len(phi), n_lm(lmax)))
    for l in range(lmax + 1):
        values[:, l * l + l] = table[l, 0]
        for m in range(1, l + 1):
            values[:, l * l + l + m] = table[l, m] * np.cos(m * phi)
            values[:, l * l + l - m] = table[l, m] * np.sin(m * phi)
    return values


def gaunt_tensor(lmax: int, lmax_out: int) -> Array:
    """The integrals of three harmonics, [lm1, lm2, lm3]; what is only rounding is set to zero.

    >>> round(float(gaunt_tensor(1, 2)[1, 3, 4]), 12)
    0.218509686118
    >>> [int(np.count_nonzero(gaunt_tensor(l, o))) for l, o in ((1, 1), (1, 2), (3, 3), (3, 6), (4, 8))]
    [10, 21, 353, 708, 2229]
    """
    cos_theta, phi, weights = quadrature(2 * lmax + lmax_out)
    operand = harmonics(lmax, cos_theta, phi)
    output = harmonics(lmax_out, cos_theta, phi)
    n = n_lm(lmax)
    pairs = (operand[:, :, None] * (operand * weights[:, None])[:, None, :]).reshape(len(phi), n * n)
    tensor = (pairs.T @ output).reshape(n, n, -1)
    tensor[np.abs(tensor) < 1e-11] = 0
    return tensor


def product(x: Array, y: Array, lmax: int, lmax_out: int) -> Array:
    """The reference: coefficients of the product of two functions. x and y are [..., lm], so is the result."""
    cos_theta, phi, weights = quadrature(2 * lmax + lmax_out)
    operand = harmonics(lmax, cos_theta, phi)
    output = harmonics(lmax_out, cos_theta, phi)
    return ((x @ operand.T) * (y @ operand.T) * weights) @ output


def path_weight(l1: int, l2: int, l3: int) -> float:
    """The factor k >= 0 by which the Gaunt coefficients of a path exceed e3nn's Wigner 3j symbols, which have norm 1.

    k = sqrt((2 l1 + 1)(2 l2 + 1)(2 l3 + 1) / 4 pi) |3j(l1 l2 l3; 0 0 0)|, zero where l1 + l2 + l3 is odd.

    >>> tensor = gaunt_tensor(2, 3)
    >>> bool(np.isclose(np.linalg.norm(tensor[4:9, 1:4, 9:16]), path_weight(2, 1, 3)))
    True
    """
    g, odd = divmod(l1 + l2 + l3, 2)
    if odd or not abs(l1 - l2) <= l3 <= l1 + l2:
        return 0.0
    f = math.factorial
    triangle = f(2 * (g - l1)) * f(2 * (g - l2)) * f(2 * (g - l3)) / f(2 * g + 1)
    symbol = math.sqrt(triangle) * f(g) / (f(g - l1) * f(g - l2) * f(g - l3))
    return math.sqrt((2 * l1 + 1) * (2 * l2 + 1) * (2 * l3 + 1) / (4 * math.pi)) * symbol


def grid_multiply_adds(lmax: int, lmax_out: int) -> int:
    """Multiply-adds of one product through the smallest exact grid of rings and meridians.

    Both symmetries of the grid are used, north-south and that of phi -> -phi; Fourier sums are written out. For the
    total degree d there are (d + 1) / 2 rings, rounded up, of d + 1 meridians. An array passes the Legendre sums of one
    hemisphere, one multiply-add per coefficient and ring, and half of the Fourier sums, 2 l + 1 per point; the product
    itself takes one per point.

    >>> [grid_multiply_adds(l, l) for l in (1, 2, 3, 4, 5, 6, 8, 10)]
    [56, 292, 719, 1619, 2672, 4630, 10313, 19024]
    >>> [grid_multiply_adds(l, 2 * l) for l in (1, 2, 3, 4, 5, 6, 8, 10)]
    [131, 601, 1643, 3485, 6355, 10481, 23413, 44105]
    """
    degrees = (lmax, lmax, lmax_out)
    d = sum(degrees)
    n_theta, n_phi = d // 2 + 1, d + 1
    points = n_theta * n_phi
    legendre_sums = (n_theta + 1) // 2 * sum(n_lm(l) for l in degrees)
    return legendre_sums + points * sum(2 * l + 1 for l in degrees) // 2 + points
