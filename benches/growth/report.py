"""Tables and plot of how time, memory and errors grow with the degree: report.py FOLDER LIBRARY, with FOLDER/results.jsonl."""

from __future__ import annotations

import ctypes
import json
import math
import random
import sys
import time
from pathlib import Path

ENGINES = {"grid": 2, "fourier": 3}
DTYPES = {"f32": 1, "f64": 2}
ELEMENTS = {"f32": ctypes.c_float, "f64": ctypes.c_double}
COLOURS = {"grid": "#000000", "fourier": "#d1495b"}
FIT = (16, 64)
REFERENCE = ("grid", "f64")

Series = dict[int, float]


class PlanDesc(ctypes.Structure):
    """`gaunt_plan_desc` of gaunt.h."""

    _fields_ = [
        ("struct_size", ctypes.c_uint32),
        *((name, ctypes.c_int32) for name in ("operation", "dtype", "lmax1", "lmax2", "lmax3", "layout")),
        *((name, ctypes.c_int32) for name in ("normalization", "parts1", "parts2", "broadcast1", "broadcast2")),
        *((name, ctypes.c_int32) for name in ("weights1", "weights2", "weights3", "engine", "isa", "reserved0")),
        ("n_channels", ctypes.c_uint64),
        ("reserved", ctypes.c_uint64 * 4),
    ]


class Plan:
    """A product of one sample and channel, operands and output to degree `lmax`."""

    def __init__(self, library: ctypes.CDLL, engine: str, dtype: str, lmax: int) -> None:
        desc = PlanDesc()
        plan_bytes, workspace_bytes = ctypes.c_size_t(), ctypes.c_size_t()
        check(library.gaunt_plan_desc_init(ctypes.byref(desc), ctypes.sizeof(desc)))
        desc.dtype, desc.engine = DTYPES[dtype], ENGINES[engine]
        desc.lmax1 = desc.lmax2 = desc.lmax3 = lmax
        sizes = [ctypes.byref(plan_bytes), ctypes.byref(workspace_bytes)]
        check(library.gaunt_plan_memory(ctypes.byref(desc), *sizes))
        self.dtype = dtype
        self.plan_bytes, self.workspace_bytes = plan_bytes.value, workspace_bytes.value
        self.memory, self.workspace = lines(self.plan_bytes), lines(self.workspace_bytes)
        self.pointer = ctypes.c_void_p()
        start = time.perf_counter()
        status = library.gaunt_plan_init(
            ctypes.byref(desc), aligned(self.memory), plan_bytes, ctypes.byref(self.pointer)
        )
        self.init_ms = 1e3 * (time.perf_counter() - start)
        check(status)
        self.execute = library[f"gaunt_execute_{dtype}"]

    def product(self, x1: list[float], x2: list[float]) -> list[float]:
        """The coefficients of the product."""
        n = len(x1)
        array, size = ELEMENTS[self.dtype] * n, ctypes.c_size_t
        out = array()
        operands = [array(*x1), size(n), array(*x2), size(n)]
        workspace = [aligned(self.workspace), size(self.workspace_bytes)]
        check(self.execute(self.pointer, size(1), *operands, None, out, size(n), *workspace))
        return list(out)


def check(status: int) -> None:
    """Ends with an error where the library reports one."""
    if status != 0:
        sys.exit(f"gaunt: status {status}")


def lines(n_bytes: int) -> ctypes.Array[ctypes.c_char]:
    """Room for so many bytes at the start of a cache line."""
    return ctypes.create_string_buffer(n_bytes + 64)


def aligned(memory: ctypes.Array[ctypes.c_char]) -> ctypes.c_void_p:
    """The first cache line in it."""
    return ctypes.c_void_p(-(-ctypes.addressof(memory) // 64) * 64)


def errors(plans: dict[tuple[str, str], Plan], lmax: int) -> list[float]:
    """Largest deviations of products of random functions from the reference, relative to the largest coefficient."""
    numbers = random.Random(lmax)
    operands = [[ctypes.c_float(numbers.uniform(-1, 1)).value for _ in range((lmax + 1) ** 2)] for _ in range(2)]
    products = {key: plan.product(*operands) for key, plan in plans.items()}
    reference = products.pop(REFERENCE)
    largest = max(map(abs, reference))
    return [max(abs(a - b) for a, b in zip(product, reference)) / largest for product in products.values()]


def exponent(series: Series) -> float:
    """The slope of the least-squares line through the logarithms, over the fitted degrees."""
    points = [(math.log(lmax), math.log(y)) for lmax, y in series.items() if FIT[0] <= lmax <= FIT[1]]
    x_mean, y_mean = (sum(axis) / len(points) for axis in zip(*points))
    covariance = sum((x - x_mean) * (y - y_mean) for x, y in points)
    return covariance / sum((x - x_mean) ** 2 for x, _ in points)


def number(value: float) -> str:
    """Three significant digits."""
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def table(header: list[str], rows: list[list[str]]) -> str:
    """A Markdown table, numbers to the right."""
    return "\n".join("| " + " | ".join(line) + " |" for line in [header, ["---:"] * len(header), *rows])


def plot(times: dict[tuple[str, str], Series]) -> str:
    """Time per product of the engines in single precision against the degree, with lines of slope 3 and 5."""
    width, height, left, top = 520, 380, 70, 20
    series = {engine: line for (engine, dtype), line in times.items() if dtype == "f32"}
    degrees = sorted({lmax for line in series.values() for lmax in line})
    values = [y for line in series.values() for y in line.values()]
    x_range = math.log10(degrees[0]) - 0.05, math.log10(degrees[-1]) + 0.05
    y_range = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))

    def x(lmax: float) -> float:
        return left + (math.log10(lmax) - x_range[0]) / (x_range[1] - x_range[0]) * (width - left - 10)

    def y(ns: float) -> float:
        return top + (y_range[1] - math.log10(ns)) / (y_range[1] - y_range[0]) * (height - top - 50)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" font-family="sans-serif" font-size="12">',
        f'<rect width="{width}" height="{height}" fill="white"/>',
    ]
    for power in range(y_range[0], y_range[1] + 1):
        at = y(10.0**power)
        parts.append(f'<path d="M{left} {at:.1f}H{width - 10}" stroke="#dddddd"/>')
        parts.append(f'<text x="{left - 6}" y="{at + 4:.1f}" text-anchor="end">{10**power:,}</text>')
    for lmax in degrees:
        parts.append(f'<text x="{x(lmax):.1f}" y="{height - 34}" text-anchor="middle">{lmax}</text>')
    parts.append(f'<text x="{width / 2}" y="{height - 12}" text-anchor="middle">degree L of operands and output</text>')
    parts.append(f'<text transform="translate(14 {height / 2}) rotate(-90)" text-anchor="middle">ns per product, f32</text>')
    start = min(line[degrees[0]] for line in series.values()) * 0.7
    parts.append(
        f'<clipPath id="frame"><rect x="{left}" y="{top}" width="{width - left - 10}" height="{height - top - 50}"/></clipPath>'
    )
    for slope in (3, 5):
        end = start * (degrees[-1] / degrees[0]) ** slope
        path = f"M{x(degrees[0]):.1f} {y(start):.1f}L{x(degrees[-1]):.1f} {y(end):.1f}"
        parts.append(f'<path clip-path="url(#frame)" d="{path}" stroke="#888888" stroke-dasharray="5 4"/>')
        label = min(degrees[-1], degrees[0] * (10 ** y_range[1] / start) ** (1 / slope) * 0.8)
        at = y(start * (label / degrees[0]) ** slope)
        parts.append(f'<text x="{x(label) + 4:.1f}" y="{at + 16:.1f}" fill="#888888">L^{slope}</text>')
    for i, (engine, line) in enumerate(sorted(series.items())):
        path = "L".join(f"{x(lmax):.1f} {y(ns):.1f}" for lmax, ns in sorted(line.items()))
        parts.append(f'<path d="M{path}" stroke="{COLOURS[engine]}" stroke-width="2" fill="none"/>')
        parts += [f'<circle cx="{x(k):.1f}" cy="{y(v):.1f}" r="3" fill="{COLOURS[engine]}"/>' for k, v in line.items()]
        parts.append(f'<text x="{left + 14}" y="{top + 18 + 16 * i}" fill="{COLOURS[engine]}">{engine}</text>')
    return "\n".join([*parts, "</svg>", ""])


def main() -> None:
    folder, library = Path(sys.argv[1]), ctypes.CDLL(str(Path(sys.argv[2]).resolve()))
    head, *rows = [json.loads(line) for line in (folder / "results.jsonl").read_text().splitlines()]
    times: dict[tuple[str, str], Series] = {}
    for row in rows:
        times.setdefault((row["engine"], row["dtype"]), {})[row["lmax1"]] = row["ns_per_product"]
    keys = sorted(times)
    degrees = sorted(times[keys[0]])
    names = [f"{engine} {dtype}" for engine, dtype in keys]
    time_rows = [[str(lmax), *(number(times[key][lmax]) for key in keys)] for lmax in degrees]
    time_rows.append([f"exponent, {FIT[0]} to {FIT[1]}", *(f"{exponent(times[key]):.2f}" for key in keys)])
    memory_rows, error_rows = [], []
    sizes: dict[tuple[str, str], Series] = {key: {} for key in keys}
    for lmax in [*degrees, 256]:
        plans = {key: Plan(library, *key, lmax) for key in keys}
        cells = [plans[key] for key in keys]
        memory = [f"{p.plan_bytes / 1024:.0f} + {p.workspace_bytes / 1024:.0f}, {number(p.init_ms)}" for p in cells]
        memory_rows.append([str(lmax), *memory])
        for key, size in sizes.items():
            size[lmax] = plans[key].plan_bytes + plans[key].workspace_bytes
        error_rows.append([str(lmax), *(f"{deviation:.1e}" for deviation in errors(plans, lmax))])
    memory_rows.append(["exponent of the sum", *(f"{exponent(sizes[key]):.2f}" for key in keys)])
    text = "\n".join(
        [
            f"{head['machine']}, {rows[0]['isa']}, {head['date']}; 1 sample x 32 channels, `lm_channel`, operands and output to L.",
            "",
            "Nanoseconds per product:",
            "",
            table(["L", *names], time_rows),
            "",
            "KiB of plan memory + workspace, and milliseconds of plan initialisation:",
            "",
            table(["L", *names], memory_rows),
            "",
            "Largest deviation of the product of two functions with random coefficients from *grid* in f64, relative to the "
            "largest coefficient:",
            "",
            table(["L", *(name for name, key in zip(names, keys) if key != REFERENCE)], error_rows),
            "",
        ]
    )
    (folder / "results.md").write_text(text)
    (folder / "results.svg").write_text(plot(times))
    print(text)


main()
