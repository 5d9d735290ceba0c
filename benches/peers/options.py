"""The command line. Uses the standard library only, so that it can be checked before anything is installed."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Options:
    """What to measure and where to put it."""

    lmax: int
    rounds: int
    samples: int
    channels: int
    seconds: float
    compile_seconds: float
    out_dir: Path


def positive(text: str) -> int:
    """A whole number from 1 on."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"expected a number from 1 on, found {text}")
    return number


def duration(text: str) -> float:
    """A number of seconds above 0."""
    number = float(text)
    if not 0 < number < 1e6:
        raise argparse.ArgumentTypeError(f"expected seconds above 0, found {text}")
    return number


def parse(arguments: list[str] | None = None) -> Options:
    """Reads the command line; leaves the program with a message where it is wrong."""
    parser = argparse.ArgumentParser(
        prog="benches/peers/run.sh",
        description="Measures gaunt against the packages one would use instead, on one core, in single precision. "
        "Every result is checked before it is timed. Writes results.json, results.md and results.svg.",
        allow_abbrev=False,
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument("--lmax", type=positive, default=8, help="operands of the degrees 1 to LMAX")
    parser.add_argument("--rounds", type=positive, default=15, help="rounds in which the candidates take turns")
    parser.add_argument("--samples", type=positive, default=32, help="samples of one call")
    parser.add_argument("--channels", type=positive, default=128, help="channels of one sample")
    parser.add_argument("--seconds", type=duration, default=2.0, help="time for one candidate at one degree")
    parser.add_argument(
        "--compile-seconds", type=duration, default=300.0, help="time for one candidate to get ready at one degree"
    )
    parser.add_argument("--out-dir", type=Path, default=HERE, help="where the results go")
    return Options(**vars(parser.parse_args(arguments)))


if __name__ == "__main__":
    parse()
