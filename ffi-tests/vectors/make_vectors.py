#!/usr/bin/env python3
"""Writes vectors.txt and tables.txt, the numbers that every language's tests are checked against.

    python3 make_vectors.py [DIRECTORY]     (default: beside this script)

Needs Python 3.8 and nothing else: integers and fractions are exact, square roots and pi are taken in `decimal` with far
more digits than are printed. No code, table or recurrence is shared with the library.

vectors.txt: after '#' lines, whitespace-separated numbers; list-directed or token-wise reading will do:

    number of coefficients; for each: l1 m1 l2 m2 l3 m3 G, a Gaunt coefficient G of the real orthonormal harmonics
    number of cases; for each:
        lmax1 lmax2 lmax3
        x1         (lmax1 + 1)^2 coefficients at l*l + l + m, multiples of 1/64, hence exact in every binary format
        x2         (lmax2 + 1)^2 coefficients, likewise
        expected   (lmax3 + 1)^2 coefficients of the product: sum of G x1 x2
        absolute   (lmax3 + 1)^2 sums of |G x1 x2|
    number of paths; for each: l1 l2 l3 c, the path constant c: the product's if l1 + l2 + l3 is even, else the bracket's

tables.txt: after '#' lines, one line per number:

    gauss n j x w        node x and weight w number j (from 0, nodes falling from 1) of the n-point Gauss-Legendre rule;
                         the nodes x >= 0 only
    legendre n j l m P   the normalised associated Legendre function at that node:
                         Y_lm = P cos(m phi) for m >= 0 and P sin(|m| phi) for m < 0 (same P for both signs)
    path l1 l2 l3 c      the path constant, as in vectors.txt; degrees rising
"""

import math
import sys
from decimal import Decimal, getcontext
from fractions import Fraction
from functools import lru_cache
from pathlib import Path

CASES = [(0, 0, 0), (1, 1, 2), (2, 2, 2), (2, 1, 3), (1, 3, 2), (3, 3, 6), (4, 4, 4), (5, 2, 7), (6, 6, 6), (8, 8, 8)]
COEFFICIENTS = [
    # First the one most often seen with the wrong sign; then each rule: all m zero, one m zero, sines, an odd count of them.
    (1, -1, 1, 1, 2, -2), (0, 0, 0, 0, 0, 0), (1, 0, 1, 0, 2, 0), (1, 1, 1, 1, 2, 0), (1, -1, 1, -1, 2, 2),
    (2, -1, 1, -1, 3, -2), (3, 2, 2, -1, 3, -3), (4, 3, 4, -2, 6, -5), (8, 5, 8, -8, 8, -3),
]  # fmt: skip
RULES = [*range(1, 26), 97]
LEGENDRE_AT = {7: [0, 2, 3], 25: [0, 6, 12], 97: [0, 13, 40, 48]}  # rule: numbers of the nodes
# Paths of which the languages ask the constant; those of which the Rust tests do: all to a degree, and larger ones around
# the largest degree of an output, of an operand, and where a difference of degrees is small or large.
PATHS = [(0, 0, 0), (1, 1, 0), (1, 1, 1), (1, 2, 1), (2, 1, 2), (3, 4, 6), (4, 3, 7), (8, 7, 8)]
PATHS += [(256, 256, 512), (256, 255, 256)]
LMAX_PATHS = 12
LARGE_DEGREES = [1, 2, 3, 16, 31, 97, 128, 200, 255, 256, 257, 300, 383, 510, 511, 512]
DEGREES = [0, 1, 2, 3, 4, 6, 8, 12, 24, 25, 64, 96, 192]

# Explicit sums for degree 192 cancel about 150 digits; this leaves plenty.
getcontext().prec = 250


def digits(x, n):
    """x in scientific notation with n significant digits."""
    return f"{x:.{n - 1}e}" if x else "0"


def arctan_inverse(n):
    """arctan(1/n) by its power series."""
    total = term = Decimal(1) / n
    k = 1
    while term and abs(term) > Decimal(10) ** -getcontext().prec:
        term /= -n * n
        k += 2
        total += term / k
    return total


PI = 4 * (4 * arctan_inverse(5) - arctan_inverse(239))


def decimal(x):
    """A fraction as a decimal."""
    return Decimal(x.numerator) / x.denominator


@lru_cache(maxsize=None)
def wigner_3j(l1, l2, l3, m1, m2, m3):
    """(sign, square) of a Wigner 3j symbol by Racah's sum; (0, 0) where it vanishes."""
    f = math.factorial
    if m1 + m2 + m3 or not abs(l1 - l2) <= l3 <= l1 + l2 or abs(m1) > l1 or abs(m2) > l2 or abs(m3) > l3:
        return 0, Fraction(0)
    low = max(0, l2 - l3 - m1, l1 - l3 + m2)
    high = min(l1 + l2 - l3, l1 - m1, l2 + m2)
    total = sum(
        Fraction(
            (-1) ** k,
            f(k) * f(l1 + l2 - l3 - k) * f(l1 - m1 - k) * f(l2 + m2 - k) * f(l3 - l2 + m1 + k) * f(l3 - l1 - m2 + k),
        )
        for k in range(low, high + 1)
    )
    square = total**2 * Fraction(f(l1 + l2 - l3) * f(l1 - l2 + l3) * f(l2 + l3 - l1), f(l1 + l2 + l3 + 1))
    for l, m in (l1, m1), (l2, m2), (l3, m3):
        square *= f(l + m) * f(l - m)
    sign = (total > 0) - (total < 0)
    return sign * (-1) ** abs(l1 - l2 - m3), square


@lru_cache(maxsize=None)
def gaunt(l1, m1, l2, m2, l3, m3):
    """The integral of three real orthonormal harmonics (no Condon-Shortley phase), from two 3j symbols.

    The largest |m| must be the sum of the other two, and the number of sines (m < 0) even. The real harmonics are
    combinations of the complex ones of orders +-m; of the combinations only orders (a, b, -(a + b)) and their negatives
    survive, whence one 3j symbol with a phase: (-1)^(a + b), and a minus sign when the two small orders are both sines,
    sin a sin b = (cos(a - b) - cos(a + b)) / 2.
    """
    harmonics = sorted([(abs(m1), l1, m1), (abs(m2), l2, m2), (abs(m3), l3, m3)])
    (a, la, ma), (b, lb, mb), (c, lc, _) = harmonics
    sines = sum(m < 0 for m in (m1, m2, m3))
    if (l1 + l2 + l3) % 2 or sines % 2 or a + b != c:
        return Decimal(0)
    sign0, square0 = wigner_3j(la, lb, lc, 0, 0, 0)
    sign, square = wigner_3j(la, lb, lc, a, b, -c)
    square *= square0 * (2 * l1 + 1) * (2 * l2 + 1) * (2 * l3 + 1) / 4
    if a:
        square /= 2
    sign *= sign0 * (-1) ** c
    if a and ma < 0 and mb < 0:
        sign = -sign
    return sign * (decimal(square) / PI).sqrt()


def path_constant(l1, l2, l3):
    """The factor from the real Wigner 3j symbols of norm 1 to the product's (l1 + l2 + l3 even) or the bracket's (odd)
    coefficients of orthonormal harmonics; it is positive."""
    if (l1 + l2 + l3) % 2 == 0:
        _, square = wigner_3j(l1, l2, l3, 0, 0, 0)
    else:
        _, square = wigner_3j(l1, l2, l3, 1, -1, 0)
        square *= l1 * (l1 + 1) * l2 * (l2 + 1)
    return (decimal(square * (2 * l1 + 1) * (2 * l2 + 1) * (2 * l3 + 1) / 4) / PI).sqrt()


def paths():
    """The paths of tables.txt, degrees rising."""
    for degrees in range(LMAX_PATHS + 1), LARGE_DEGREES:
        for l1 in degrees:
            for l2 in degrees:
                for l3 in degrees:
                    if l1 <= l2 <= l3 <= l1 + l2 and (degrees != LARGE_DEGREES or l3 > LMAX_PATHS):
                        yield l1, l2, l3


def index(lmax):
    """All (l, m) up to lmax in the order of the flat index."""
    return [(l, m) for l in range(lmax + 1) for m in range(-l, l + 1)]


def inputs():
    """Pseudo-random multiples of 1/64 in (-1, 1], from the minimal standard generator."""
    state = 1
    while True:
        state = state * 16807 % 2147483647
        yield Fraction(state % 128 - 63, 64)


def product(lmax1, lmax2, lmax3, x1, x2):
    """(expected, absolute) of one case."""
    expected, absolute = [], []
    for l3, m3 in index(lmax3):
        terms = [
            gaunt(l1, m1, l2, m2, l3, m3) * decimal(a * b)
            for (l1, m1), a in zip(index(lmax1), x1)
            for (l2, m2), b in zip(index(lmax2), x2)
        ]
        expected.append(sum(terms))
        absolute.append(sum(abs(t) for t in terms))
    return expected, absolute


def vectors():
    yield "# Gaunt coefficients, products and path constants, exact; written by make_vectors.py, which tells the format."
    yield str(len(COEFFICIENTS))
    for c in COEFFICIENTS:
        yield " ".join(map(str, c)) + " " + digits(gaunt(*c), 20)
    yield str(len(CASES))
    numbers = inputs()
    for lmax1, lmax2, lmax3 in CASES:
        x1 = [next(numbers) for _ in index(lmax1)]
        x2 = [next(numbers) for _ in index(lmax2)]
        expected, absolute = product(lmax1, lmax2, lmax3, x1, x2)
        yield f"{lmax1} {lmax2} {lmax3}"
        yield " ".join(str(float(x)) for x in x1)
        yield " ".join(str(float(x)) for x in x2)
        yield " ".join(digits(x, 20) for x in expected)
        yield " ".join(digits(x, 6) for x in absolute)
    yield str(len(PATHS))
    for path in PATHS:
        yield " ".join(map(str, path)) + " " + digits(path_constant(*path), 20)


def legendre_polynomial(n):
    """Coefficients of P_n, lowest first, by Rodrigues' formula."""
    f = math.factorial
    coefficients = [Fraction(0)] * (n + 1)
    for k in range(n // 2 + 1):
        coefficients[n - 2 * k] = Fraction((-1) ** k * f(2 * n - 2 * k), 2**n * f(k) * f(n - k) * f(n - 2 * k))
    return coefficients


def derivative(coefficients):
    return [k * c for k, c in enumerate(coefficients)][1:]


def evaluate(coefficients, x):
    """Horner's rule."""
    value = Decimal(0)
    for c in reversed(coefficients):
        value = value * x + decimal(c)
    return value


def gauss_legendre(n):
    """[(node, weight)] for the nodes >= 0, falling, by Newton's method on the explicit polynomial."""
    p = legendre_polynomial(n)
    slope = derivative(p)
    rule = []
    for j in range((n + 1) // 2):
        x = Decimal(math.cos(math.pi * (j + 0.75) / (n + 0.5)))
        for _ in range(7):  # the start has 4 digits at least; each step doubles them
            x -= evaluate(p, x) / evaluate(slope, x)
        if 2 * j + 1 == n:
            x = Decimal(0)
        rule.append((x, 2 / ((1 - x * x) * evaluate(slope, x) ** 2)))
    return rule


def orders(l):
    """A few orders of degree l: both ends and the middle."""
    return sorted({0, min(1, l), min(2, l), l // 2, max(0, l - 1), l})


def legendre_function(l, m, polynomial, x):
    """The normalised associated Legendre function from the m-th derivative of P_l."""
    square = Fraction((2 * l + 1) * math.factorial(l - m), 4 * math.factorial(l + m)) * (2 if m else 1)
    return (decimal(square) / PI).sqrt() * (1 - x * x).sqrt() ** m * evaluate(polynomial, x)


def tables():
    yield "# Gauss-Legendre rules, Legendre functions, path constants; written by make_vectors.py, which tells the format."
    rules = {n: gauss_legendre(n) for n in RULES}
    for n, rule in rules.items():
        for j, (x, w) in enumerate(rule):
            yield f"gauss {n} {j} {digits(x, 25)} {digits(w, 25)}"
    for l in DEGREES:
        polynomial = legendre_polynomial(l)
        for m in range(l + 1):
            if m in orders(l):
                for n, nodes in LEGENDRE_AT.items():
                    # A rule serves degrees below its number of nodes; the largest one stands for all larger degrees.
                    if l < n or n == max(LEGENDRE_AT):
                        for j in nodes:
                            value = legendre_function(l, m, polynomial, rules[n][j][0])
                            yield f"legendre {n} {j} {l} {m} {digits(value, 25)}"
            polynomial = derivative(polynomial)
    for path in paths():
        yield "path " + " ".join(map(str, path)) + " " + digits(path_constant(*path), 25)


def main():
    directory = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
    for name, lines in ("vectors.txt", vectors()), ("tables.txt", tables()):
        (directory / name).write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
