"""Tables and plot from results.json. Run with a folder to make them again from the results in it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt

Case = dict[str, Any]

STYLES: dict[str, tuple[str, str, str]] = {
    # colour, line, marker
    "gaunt lm_channel": ("#000000", "-", "o"),
    "gaunt e3nn_blocks": ("#000000", "-", "s"),
    "gaunt channel_lm": ("#000000", "-", "^"),
    "C sparse loop": ("#2a9d3a", "-", "D"),
    "e3nn": ("#d1495b", "-", "o"),
    "e3nn script": ("#d1495b", "-", "s"),
    "e3nn compile": ("#d1495b", "-", "^"),
    "e3nn-jax grid": ("#2f6db5", "-", "o"),
    "e3nn-jax grid fft": ("#2f6db5", "-", "s"),
    "JAX dense pairs": ("#8d6cab", "-", "o"),
    "JAX dense matrix": ("#8d6cab", "-", "s"),
}


def times(case: Case) -> dict[str, float]:
    """Nanoseconds per product by candidate, of those that ran."""
    return {candidate["name"]: candidate["ns"] for candidate in case["candidates"]}


def best(case: Case, families: Iterable[str]) -> tuple[str, float] | None:
    """The fastest candidate of some families, with its nanoseconds per product."""
    racing = [(c["ns"], c["name"]) for c in case["candidates"] if c["family"] in families]
    return min(racing)[::-1] if racing else None


def factor(case: Case, families: Iterable[str], ours: str) -> float | None:
    """Time of the best peer of some families over that of one of ours."""
    peer, own = best(case, families), times(case).get(ours)
    return peer[1] / own if peer and own else None


def number(value: float | None) -> str:
    """Three significant digits, or a dash for what was not measured."""
    if value is None:
        return "—"
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def summary(case: Case) -> str:
    """One case in a few lines, for the terminal."""
    title = f"degrees {case['lmax']}, {case['lmax']} to {case['lmax_out']}; ns per product (deviation):"
    rows = [f"  {c['name']:18} {number(c['ns']):>8}  ({c['deviation']:.0e}) {c['note']}" for c in case["candidates"]]
    rows += [f"  {name:18} not run: {reason}" for name, reason in case["not_run"].items()]
    return "\n".join([title, *rows, f"  {'bound':18} {number(case['bound_ns']):>8}"])


def table(header: list[str], rows: list[list[str]]) -> str:
    """A Markdown table, numbers to the right."""
    lines = [header, ["---:"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def time_table(cases: list[Case]) -> str:
    """Nanoseconds per product: degrees down, candidates across."""
    names = [name for name in STYLES if any(name in times(case) or name in case["not_run"] for case in cases)]
    rows = [
        [str(case["lmax"]), *(number(times(case).get(name)) for name in names), number(case["bound_ns"])]
        for case in cases
    ]
    return table(["L", *names, "FMA bound"], rows)


def factor_table(cases: list[Case]) -> str:
    """Best peers over gaunt: all peers, and those that have their own layout in common with it."""
    rows = []
    for case in cases:
        peer = best(case, ("c", "e3nn", "jax"))
        own = times(case).get("gaunt lm_channel")
        rows.append(
            [
                str(case["lmax"]),
                peer[0] if peer else "—",
                number(factor(case, ("c", "e3nn", "jax"), "gaunt lm_channel")),
                number(factor(case, ("e3nn",), "gaunt e3nn_blocks")),
                number(factor(case, ("jax",), "gaunt channel_lm")),
                number(own / case["bound_ns"] if own else None),
            ]
        )
    header = [
        "L",
        "best peer",
        "best peer / gaunt",
        "best e3nn / gaunt e3nn_blocks",
        "best JAX / gaunt channel_lm",
        "gaunt / FMA bound",
    ]
    return table(header, rows)


def panels(results: dict[str, Any]) -> list[tuple[str, list[Case]]]:
    """The cases with output to L and those with output to 2L."""
    to_l = [case for case in results["cases"] if case["lmax_out"] == case["lmax"]]
    to_2l = [case for case in results["cases"] if case["lmax_out"] == 2 * case["lmax"]]
    return [("Output to degree L", to_l), ("Output to degree 2L", to_2l)]


def markdown(results: dict[str, Any]) -> str:
    """The page with all tables."""
    machine, settings, versions = results["machine"], results["settings"], results["versions"]
    worst = max(c["deviation"] for case in results["cases"] for c in case["candidates"])
    rates = sorted(case["vector_fma_per_second"] / 1e9 for case in results["cases"])
    parts = [
        "# gaunt and its peers",
        "Written by `run.sh`; what is measured and how: [README](README.md).",
        f"{machine['cpu']}, {machine['system']}, one core, {results['date']}, load at the start {machine['load']:.1f}. "
        f"Single precision, {settings['samples']} samples × {settings['channels']} channels, both operands to degree "
        f"L. Nanoseconds per product (one sample, one channel), medians of up to {settings['rounds']} rounds. Results "
        f"agree within {worst:.0e} of the largest entry. The core does {rates[0]:.2f} to {rates[-1]:.2f}·10⁹"
        f" multiply-adds of vectors of {machine['lanes']} per second; the bound is what the cheaper of sparse sum and "
        "folded grid takes at that rate.",
        ", ".join(f"{name} {text}" for name, text in versions.items() if text) + ".",
    ]
    for title, cases in panels(results):
        parts += [f"## {title}", time_table(cases), factor_table(cases)]
    skipped = [
        f"- {name}, L = {case['lmax']}, output to {case['lmax_out']}: {reason}"
        for case in results["cases"]
        for name, reason in case["not_run"].items()
    ]
    if skipped:
        parts += ["## Not run", "\n".join(skipped)]
    return "\n\n".join(parts) + "\n"


def draw(axes: Any, title: str, cases: list[Case]) -> None:
    """One panel: time per product against L."""
    for name, (colour, line, marker) in STYLES.items():
        points = [(case["lmax"], times(case)[name]) for case in cases if name in times(case)]
        if points:
            size = 6 if marker == "D" else 7
            face = colour if marker == "o" or name == "C sparse loop" else "white"
            style = {"color": colour, "linestyle": line, "marker": marker, "markersize": size}
            axes.plot(*zip(*points, strict=True), label=name, markerfacecolor=face, linewidth=1.3, **style)
    bound = [(case["lmax"], case["bound_ns"]) for case in cases]
    axes.plot(*zip(*bound, strict=True), label="FMA bound", color="#777777", linestyle="--", linewidth=1.5)
    axes.set_yscale("log")
    axes.set_xticks([case["lmax"] for case in cases])
    axes.set_xlabel("L, largest degree of the operands")
    axes.set_title(title)
    axes.grid(True, which="major", color="#dddddd", linewidth=0.7)
    axes.set_axisbelow(True)


def plot(results: dict[str, Any], path: Path) -> None:
    """Both panels side by side on the same scale."""
    matplotlib.rcParams.update({"svg.hashsalt": "gaunt", "font.size": 11})
    figure, both = plt.subplots(1, 2, figsize=(12.5, 5.8), sharey=True)
    for axes, (title, cases) in zip(both, panels(results), strict=True):
        draw(axes, title, cases)
    both[0].set_ylabel("nanoseconds per product")
    handles, labels = both[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="center right", frameon=False)
    settings = results["settings"]
    figure.suptitle(
        f"{results['machine']['cpu']}, one core, single precision, {settings['samples']} × {settings['channels']} "
        "products per call",
        fontsize=11,
    )
    figure.tight_layout(rect=(0, 0, 0.84, 1))
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)


def write(results: dict[str, Any], folder: Path) -> None:
    """Writes results.json, results.md and results.svg."""
    (folder / "results.json").write_text(json.dumps(results, indent=1) + "\n")
    (folder / "results.md").write_text(markdown(results))
    plot(results, folder / "results.svg")


if __name__ == "__main__":
    place = Path(sys.argv[1])
    write(json.loads((place / "results.json").read_text()), place)
