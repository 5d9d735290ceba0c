"""The benchmark: checks every candidate against the reference, then times all of them in turns.

Started by run.sh, which builds what it needs and says where it is: PEERS_GAUNT and PEERS_NATIVE are the shared objects
of the library and of sparse_cg.c with timing.c. It also binds the process to one core and the packages to one thread,
which they read when they are loaded.
"""

from __future__ import annotations

import datetime
import gc
import os
import platform
import signal
import statistics
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import jax
import numpy as np
import torch

import options
import pytorch
import report
import xla
from harmonics import grid_multiply_adds
from native import Gaunt, Native
from problem import Candidate, NotAvailable, Problem, restore

# Single precision and grids whose tables are in single precision too leave about 1e-5; a wrong sign, coefficient or
# order leaves 1e-2 or more.
TOLERANCE = 1e-4
# Length of a turn, where calls are shorter.
TURN_SECONDS = 0.02
# Fewer times give no median.
MIN_ROUNDS = 3

Times = dict[str, list[float]]


class Disagreement(Exception):
    """A candidate's result is wrong."""


class TimeIsUp(BaseException):
    """Not an Exception: a compiler that catches those must not go on."""


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raises TimeIsUp in the block when it takes longer, as soon as the interpreter has control again."""

    def stop(*_: object) -> None:
        raise TimeIsUp

    previous = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)


def progress(text: str) -> None:
    """Tells the terminal what goes on."""
    print(text, file=sys.stderr, flush=True)


def builders(gaunt: Gaunt, native: Native, problem: Problem) -> dict[str, Callable[[], Candidate]]:
    """All candidates by name, not built yet."""
    table: dict[str, Callable[[], Candidate]] = {}
    for layout in ("lm_channel", "e3nn_blocks", "channel_lm"):
        table[f"gaunt {layout}"] = partial(gaunt.candidate, native, problem, layout)
    table["C sparse loop"] = partial(native.sparse, problem)
    for name, mode in pytorch.MODES.items():
        table[name] = partial(pytorch.candidate, problem, name, mode)
    for name in xla.PRODUCTS:
        table[name] = partial(xla.candidate, problem, name)
    return table


def prepare(name: str, build: Callable[[], Candidate], seconds: float) -> Candidate:
    """Builds and warms up a candidate; NotAvailable says why it cannot take part."""
    try:
        with time_limit(seconds):
            return build()
    except TimeIsUp:
        raise NotAvailable(f"not ready after {seconds:g} s") from None
    except NotAvailable:
        raise
    except Exception as error:
        if name.startswith(("gaunt", "C ")):
            raise
        first_line = (str(error).splitlines() or [""])[0]
        raise NotAvailable(f"{type(error).__name__}: {first_line[:200]}") from error


def check(candidate: Candidate, problem: Problem) -> float:
    """The deviation of a candidate's result from the reference; Disagreement where it is too large."""
    candidate.time(1)
    values = candidate.result().astype(np.float64)
    result = restore(candidate.layout, values, problem.samples, problem.channels)
    deviation = problem.deviation(result / candidate.scale)
    if not deviation <= TOLERANCE:
        raise Disagreement(
            f"{candidate.name}, degrees {problem.lmax}, {problem.lmax} to {problem.lmax_out}: deviates from the "
            f"reference by {deviation:.1e} of its largest entry, allowed are {TOLERANCE:g}"
        )
    return deviation


@dataclass(frozen=True)
class Turns:
    """How often a candidate is timed."""

    calls: int
    """Calls of one turn."""
    rounds: int
    """Rounds in which it has a turn."""


def plan_turns(candidate: Candidate, rounds: int, seconds: float) -> Turns:
    """As many turns as fit into the seconds, up to one a round; NotAvailable where they are too few."""
    once = min(candidate.time(1) for _ in range(2))
    if MIN_ROUNDS * once > seconds:
        raise NotAvailable(f"one call takes {once:.2g} s, {MIN_ROUNDS} have to fit into {seconds:g} s")
    calls = max(1, round(min(TURN_SECONDS, seconds / rounds) / once))
    return Turns(calls, max(1, min(rounds, int(seconds / (calls * once)))))


def measure(racing: list[tuple[Candidate, Turns]], native: Native, rounds: int) -> tuple[Times, list[float]]:
    """Times the candidates in turns.

    Returns the seconds per call of every turn by name, and the vector multiply-adds per second of every round.
    """
    times: Times = {candidate.name: [] for candidate, _ in racing}
    rates: list[float] = []
    for r in range(rounds):
        rates.append(native.fma_rate())
        # Each round starts with another one, so that none always follows the same.
        shift = r % len(racing)
        for candidate, turns in racing[shift:] + racing[:shift]:
            # Slow ones sit out some rounds, evenly.
            if (r + 1) * turns.rounds // rounds > r * turns.rounds // rounds:
                times[candidate.name].append(candidate.time(turns.calls) / turns.calls)
    return times, rates


def run_case(gaunt: Gaunt, native: Native, problem: Problem, opts: options.Options) -> dict[str, Any]:
    """Checks and times all candidates of one case; the record for results.json."""
    racing: list[tuple[Candidate, Turns]] = []
    deviations: dict[str, float] = {}
    not_run: dict[str, str] = {}
    for name, build in builders(gaunt, native, problem).items():
        try:
            candidate = prepare(name, build, opts.compile_seconds)
            deviations[name] = check(candidate, problem)
            racing.append((candidate, plan_turns(candidate, opts.rounds, opts.seconds)))
        except NotAvailable as reason:
            not_run[name] = str(reason)
    if not racing:
        raise RuntimeError("no candidate is fast enough for --seconds")
    times, rates = measure(racing, native, opts.rounds)
    terms = int(np.count_nonzero(problem.tensor))
    multiply_adds = min(terms, grid_multiply_adds(problem.lmax, problem.lmax_out))
    rate = statistics.median(rates)
    return {
        "lmax": problem.lmax,
        "lmax_out": problem.lmax_out,
        "sparse_multiply_adds": terms,
        "grid_multiply_adds": grid_multiply_adds(problem.lmax, problem.lmax_out),
        "vector_fma_per_second": rate,
        "bound_ns": 1e9 * multiply_adds / (rate * native.lanes),
        "candidates": [
            record(candidate, times[candidate.name], deviations[candidate.name], problem.products)
            for candidate, _ in racing
        ],
        "not_run": not_run,
    }


def record(candidate: Candidate, seconds: list[float], deviation: float, products: int) -> dict[str, Any]:
    """The numbers of one candidate, in nanoseconds per product."""
    ns = [1e9 * s / products for s in seconds]
    return {
        "name": candidate.name,
        "family": candidate.family,
        "layout": candidate.layout,
        "note": candidate.note,
        "deviation": deviation,
        "ns": statistics.median(ns),
        "ns_rounds": ns,
    }


def first_line(command: list[str]) -> str:
    """The first line that a command prints, or nothing."""
    try:
        output = subprocess.run(command, capture_output=True, text=True, check=True, cwd=options.HERE).stdout
    except (OSError, subprocess.CalledProcessError):
        return ""
    return (output.splitlines() or [""])[0]


def cpu_model() -> str:
    """As the kernel tells it."""
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def environment(gaunt: Gaunt, native: Native, opts: options.Options) -> dict[str, Any]:
    """Everything that a number depends on."""
    packages = ("torch", "e3nn", "jax", "jaxlib", "e3nn-jax", "numpy")
    return {
        "date": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d"),
        "machine": {
            "cpu": cpu_model(),
            "system": f"{platform.system()} {platform.machine()}",
            "cores": os.cpu_count(),
            "lanes": native.lanes,
            "load": os.getloadavg()[0],
        },
        "versions": {
            "gaunt": gaunt.version,
            "commit": first_line(["git", "describe", "--always", "--dirty"]),
            "python": platform.python_version(),
            **{package: version(package) for package in packages},
            "cc": first_line([os.environ.get("CC", "cc"), "--version"]),
            "rustc": first_line(["rustc", "--version"]),
        },
        "settings": {
            "dtype": "f32",
            "samples": opts.samples,
            "channels": opts.channels,
            "rounds": opts.rounds,
            "seconds": opts.seconds,
            "tolerance": TOLERANCE,
        },
    }


def run(opts: options.Options) -> None:
    """Measures all cases and writes the results after each, so that none is lost."""
    if len(os.sched_getaffinity(0)) != 1:
        raise RuntimeError("not bound to one core; start it with run.sh")
    gaunt, native = Gaunt(Path(os.environ["PEERS_GAUNT"])), Native(Path(os.environ["PEERS_NATIVE"]))
    results = environment(gaunt, native, opts) | {"cases": []}
    opts.out_dir.mkdir(parents=True, exist_ok=True)
    load = results["machine"]["load"]
    if load > 0.5:
        progress(f"peers: warning: the machine is busy (load {load:.1f}); do not trust the times")
    for lmax in range(1, opts.lmax + 1):
        for lmax_out in (lmax, 2 * lmax):
            case = run_case(gaunt, native, Problem(lmax, lmax_out, opts.samples, opts.channels), opts)
            results["cases"].append(case)
            progress(report.summary(case))
            report.write(results, opts.out_dir)
            torch.compiler.reset()
            jax.clear_caches()  # type: ignore[no-untyped-call]
            gc.collect()


def main() -> int:
    """The exit status: 1 where results disagree."""
    # PyTorch says at every use that scripting is on its way out.
    warnings.filterwarnings("ignore", category=FutureWarning)
    warnings.filterwarnings("ignore", category=DeprecationWarning)
    try:
        run(options.parse())
    except (Disagreement, RuntimeError) as error:
        progress(f"peers: error: {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
