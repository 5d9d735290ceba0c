#!/usr/bin/env python3
"""Writes harmonics.txt, harmonics of a few vectors as SciPy, e3nn and sphericart compute them, in double precision.

    python3 make_harmonics.py [DIRECTORY]     (default: beside this script)

Needs numpy, scipy >= 1.15, sphericart, torch and e3nn; their versions are recorded in the output. After '#' lines,
whitespace-separated numbers:

    number of vectors; for each: x y z, exact in single precision
    then blocks, each with a line that tells
        NAME lmax kind normalization derivatives
            kind           surface (of the direction) or solid
            normalization  integral, component or norm
            derivatives    0, or 1 if the derivatives with respect to x, y and z follow
    and, per vector, a line with (lmax + 1)^2 values at l*l + l + m, then three more with the derivatives if there are any.
"""

import sys
from pathlib import Path

import e3nn
import numpy as np
import scipy
import sphericart
import torch
from e3nn import o3
from scipy.special import sph_harm_y

VECTORS = [
    (0.0, 0.0, -1.0),
    (0.25, -0.5, 0.75),
    (-1.5, 0.125, 0.0625),
    (0.03125, 0.015625, 2.0),
    (-0.75, -1.25, -0.5),
]


def scipy_harmonics(lmax, xyz):
    """Real harmonics from SciPy's complex ones, which have the Condon-Shortley phase."""
    x, y, z = xyz.T
    theta, phi = np.arctan2(np.hypot(x, y), z), np.arctan2(y, x)
    values = np.empty((len(xyz), (lmax + 1) ** 2))
    for l in range(lmax + 1):
        values[:, l * l + l] = sph_harm_y(l, 0, theta, phi).real
        for m in range(1, l + 1):
            complex_values = (-1) ** m * np.sqrt(2) * sph_harm_y(l, m, theta, phi)
            values[:, l * l + l + m] = complex_values.real
            values[:, l * l + l - m] = complex_values.imag
    return values


def e3nn_harmonics(lmax, xyz, normalize, normalization):
    """e3nn's polar axis is y: its harmonics at (y, z, x) are ours at (x, y, z). Derivatives by torch."""
    points = torch.tensor(xyz, requires_grad=True)
    values = o3.spherical_harmonics(list(range(lmax + 1)), points[:, [1, 2, 0]], normalize, normalization)
    columns = [torch.autograd.grad(column.sum(), points, retain_graph=True)[0] for column in values.unbind(dim=1)]
    gradients = torch.stack(columns, dim=2)
    return values.detach().numpy(), gradients.numpy()


def block(name, lmax, kind, normalization, values, gradients=None):
    """The lines of one block."""
    yield f"{name} {lmax} {kind} {normalization} {int(gradients is not None)}"
    for i, row in enumerate(values):
        yield " ".join(f"{x:.16e}" for x in row)
        if gradients is not None:
            for axis in range(3):
                yield " ".join(f"{x:.16e}" for x in gradients[i, axis])


def lines():
    """All lines."""
    # As sphericart's C++ sees no version, its package's metadata is asked.
    from importlib.metadata import version

    yield "# Harmonics by other packages, written by make_harmonics.py, which tells the format."
    yield (
        f"# scipy {scipy.__version__}, e3nn {e3nn.__version__} (torch {torch.__version__}), "
        f"sphericart {version('sphericart')}, numpy {np.__version__}"
    )
    xyz = np.array(VECTORS)
    yield str(len(xyz))
    yield from (" ".join(map(str, vector)) for vector in VECTORS)
    yield from block("scipy", 12, "surface", "integral", scipy_harmonics(12, xyz))
    for normalization in ("integral", "component", "norm"):
        yield from block("e3nn", 4, "surface", normalization, *e3nn_harmonics(4, xyz, True, normalization))
    yield from block("e3nn", 4, "solid", "component", *e3nn_harmonics(4, xyz, False, "component"))
    for kind, harmonics in ("surface", sphericart.SphericalHarmonics), ("solid", sphericart.SolidHarmonics):
        yield from block("sphericart", 8, kind, "integral", *harmonics(8).compute_with_gradients(xyz))


def main():
    """Writes the file."""
    directory = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
    (directory / "harmonics.txt").write_text("\n".join(lines()) + "\n")


if __name__ == "__main__":
    main()
