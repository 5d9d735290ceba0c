#!/usr/bin/env python3
"""Writes e3nn.txt, what e3nn makes of the paths of which our products and brackets are sums.

    python3 make_e3nn.py [DIRECTORY]     (default: beside this script)

Needs e3nn and PyTorch; the first line of the file tells which versions wrote the committed one. e3nn computes in float64:
other versions may write other last digits.

e3nn.txt: after '#' lines, two kinds of line, with degrees and orders in the order of e3nn's irreps:

    w3j l1 l2 l3 n                        the non-zero elements of e3nn.o3.wigner_3j(l1, l2, l3): n of them; for each:
    m1 m2 m3 w
    product lmax1 lmax2 n                 n paths of a full tensor product; first the operands
    x1                                    (lmax1 + 1)^2 features at l*l + l + m, multiples of 1/64
    x2                                    (lmax2 + 1)^2 features, likewise
    l1 l2 l3 z(-l3) ... z(l3)             for each path: e3nn.o3.FullTensorProduct of degrees l1 and l2 at degree l3,
                                          without normalisation factors: z = sum of w x1 x2
"""

import sys
from pathlib import Path

import torch
from e3nn import __version__ as e3nn_version
from e3nn import o3

LMAX = 4  # all paths to this degree
PATHS = [(5, 6, 7), (8, 1, 8), (8, 2, 7), (8, 5, 4), (8, 7, 8), (8, 8, 6), (8, 8, 8), (10, 3, 10), (12, 2, 11)]
PRODUCTS = [(1, 1), (2, 3), (3, 2), (4, 4), (6, 3)]


def path_degrees(l1, l2):
    return range(abs(l1 - l2), l1 + l2 + 1)


def digits(x):
    return f"{x:.16e}"


def elements(path):
    """The non-zero elements of a path's tensor: [(m1, m2, m3, w)]."""
    tensor = o3.wigner_3j(*path, dtype=torch.float64)
    assert not ((tensor.abs() > 1e-14) & (tensor.abs() < 1e-6)).any()  # rounding errors of zeros are told apart
    indices = (tensor.abs() > 1e-14).nonzero().tolist()
    return [(*(i - l for i, l in zip(index, path)), tensor[tuple(index)].item()) for index in indices]


def inputs():
    """Pseudo-random multiples of 1/64 in (-1, 1], from the minimal standard generator."""
    state = 2
    while True:
        state = state * 16807 % 2147483647
        yield (state % 128 - 63) / 64


def irrep(l):
    return o3.Irrep(l, (-1) ** l)


def tensor_product(l1, l2, x1, x2):
    """e3nn's full tensor product of features of two degrees: [(l3, z)]."""
    product = o3.FullTensorProduct(o3.Irreps([irrep(l1)]), o3.Irreps([irrep(l2)]), irrep_normalization="none")
    assert sorted(ir.l for _, ir in product.irreps_out) == list(path_degrees(l1, l2))
    z = product(torch.tensor(x1), torch.tensor(x2))
    return [(ir.l, z[at].tolist()) for (_, ir), at in zip(product.irreps_out, product.irreps_out.slices())]


def lines():
    versions = f"e3nn {e3nn_version} and PyTorch {torch.__version__}"
    yield f"# Paths by {versions}, written by make_e3nn.py, which tells the format."
    pairs = [(l1, l2) for l1 in range(LMAX + 1) for l2 in range(LMAX + 1)]
    paths = [(l1, l2, l3) for l1, l2 in pairs for l3 in path_degrees(l1, l2) if l3 <= LMAX]
    for path in paths + PATHS:
        found = elements(path)
        yield "w3j " + " ".join(map(str, path)) + f" {len(found)}"
        for m1, m2, m3, w in found:
            yield f"{m1} {m2} {m3} {digits(w)}"

    numbers = inputs()
    for lmax1, lmax2 in PRODUCTS:
        degrees = [(l1, l2) for l1 in range(lmax1 + 1) for l2 in range(lmax2 + 1)]
        yield f"product {lmax1} {lmax2} {sum(len(path_degrees(l1, l2)) for l1, l2 in degrees)}"
        x1, x2 = ([next(numbers) for _ in range((lmax + 1) ** 2)] for lmax in (lmax1, lmax2))
        yield " ".join(map(str, x1))
        yield " ".join(map(str, x2))
        for l1, l2 in degrees:
            for l3, z in tensor_product(l1, l2, x1[l1**2 : (l1 + 1) ** 2], x2[l2**2 : (l2 + 1) ** 2]):
                yield f"{l1} {l2} {l3} " + " ".join(map(digits, z))


def main():
    torch.set_default_dtype(torch.float64)
    directory = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
    (directory / "e3nn.txt").write_text("\n".join(lines()) + "\n")


if __name__ == "__main__":
    main()
