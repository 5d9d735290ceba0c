#!/usr/bin/env python3
"""Writes fourier.txt: the constants of the two-dimensional Fourier basis, exactly.

    python3 make_fourier.py [DIRECTORY]     (default: beside this script)

Needs Python 3.8, and make_vectors.py beside it. Fractions until the square root at the end. After a '#' line, one line per
number:

    series l m u C       P_lm(cos theta) = sum of C 2 cos(u theta) for even m, of C 2 sin(u theta) for odd m; without the 2
                         for u = 0. P_lm as in tables.txt.
    projection l m u C   C = integral of P_lm(cos theta) cos(u theta) sin(theta), or sin(u theta) for odd m, over 0..pi

In terms of complex exponentials, Y_lm = sum of y_uv exp(i (u theta + v phi)) has y_uv = C / 2 for v = +-m, m > 0, up to
factors of i for sines, and the projection of exp(i (u theta + v phi)) on Y_lm is pi C for v = +-m up to the same.
"""

import sys
from fractions import Fraction
from math import comb, factorial
from pathlib import Path

from make_vectors import PI, decimal, derivative, digits, legendre_polynomial, orders

SMALL = range(9)  # all orders and frequencies
LARGE = [12, 25, 64, 192, 256, 512]  # some


def series(l, polynomial, m):
    """{u: coefficient} of exp(i u theta) in sin^m times a polynomial in cos, times i for odd m; not normalised."""
    power = {0: Fraction(0)}
    for k, c in enumerate(polynomial):
        if c:
            for j in range(k + 1):
                power[k - 2 * j] = power.get(k - 2 * j, 0) + c * Fraction(comb(k, j), 2**k)
    # sin^m = (2i)^-m sum (-1)^j C(m, j) exp(i (m - 2j) theta); the powers of i leave (-1)^(m // 2), and -i for odd m.
    sign = (-1) ** (m // 2)
    sines = [(m - 2 * j, Fraction(sign * (-1) ** j * comb(m, j), 2**m)) for j in range(m + 1)]
    result = {}
    for u in range(l % 2, l + 1, 2):
        result[u] = sum((s * power.get(u - v, 0) for v, s in sines), Fraction(0))
    return result


def integral(k):
    """The integral of cos(k theta) sin(theta) over 0..pi."""
    return Fraction(0) if k % 2 else Fraction(2, 1 - k * k)


def projection(m, coefficients, u):
    if m % 2:
        return sum((c * (integral(u - v) - integral(u + v)) for v, c in coefficients.items()), Fraction(0))
    twice = {v: c if v else c / 2 for v, c in coefficients.items()}
    return sum((c * (integral(u - v) + integral(u + v)) for v, c in twice.items()), Fraction(0))


def lines():
    yield "# Constants of the Fourier basis, written by make_fourier.py, which tells the format."
    for l in [*SMALL, *LARGE]:
        polynomial = legendre_polynomial(l)
        for m in range(l + 1):
            if l in SMALL or m in orders(l):
                square = Fraction((2 * l + 1) * factorial(l - m), 4 * factorial(l + m)) * (2 if m else 1)
                norm = (decimal(square) / PI).sqrt()
                coefficients = series(l, polynomial, m)
                frequencies = list(coefficients)
                beyond = [u for u in (l + 2, 2 * l + 2 - l % 2) if u <= 1024 - l]
                if l in LARGE:
                    frequencies = sorted({l % 2, l // 2 - (l // 2 + l) % 2, l - 2, l})
                for u in frequencies:
                    yield f"series {l} {m} {u} {digits(norm * decimal(coefficients[u]), 20)}"
                for u in [*frequencies, *beyond]:
                    yield f"projection {l} {m} {u} {digits(norm * decimal(projection(m, coefficients, u)), 20)}"
            polynomial = derivative(polynomial)


def main():
    directory = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
    (directory / "fourier.txt").write_text("\n".join(lines()) + "\n")


if __name__ == "__main__":
    main()
