"""Benchmarks in the terminal: what each measures, with numbers of one's own."""

import inspect
from argparse import ArgumentTypeError, Namespace
from typing import Any

from core import hardware
from core.bench import BENCHES
from core.cli import options
from core.errors import ConfigError

MOST = 1_000_000_000  # of anything that a benchmark counts


def _positive(text: str) -> int:
    """A number of a benchmark; `argparse` shows the name of this function with one that is refused."""
    if not 1 <= (number := int(text)) <= MOST:
        raise ArgumentTypeError(f"{text} is not in 1 to {MOST}")
    return number


BENCH_OPTIONS = {"images": _positive, "dataset": str, "backbone": str, "weights": str, "input_size": _positive}
BENCH_OPTIONS |= {"runs": _positive}  # of the store


def add(commands: Any) -> None:
    """Add the command `bench`."""
    bench = options.command(commands, "bench", _bench, "measure; results are recorded in docs/benchmarks.md")
    bench.add_argument("name", choices=tuple(BENCHES), help="what to measure")
    for name, kind in BENCH_OPTIONS.items():
        bench.add_argument(f"--{name.replace('_', '-')}", type=kind, help="override the benchmark's own value")


def _bench(parsed: Namespace) -> tuple[dict, str]:
    fields = {name: getattr(parsed, name) for name in BENCH_OPTIONS if getattr(parsed, name) is not None}
    accepted = inspect.signature(BENCHES[parsed.name]).parameters
    if unread := [name.replace("_", "-") for name in fields if name not in accepted]:
        expected = ", ".join(f"--{name.replace('_', '-')}" for name in accepted)
        raise ConfigError(f"bench {parsed.name} has no option --{unread[0]}", f"some of {expected}", "Leave it out")
    figures = {"hardware": hardware.name()} | BENCHES[parsed.name](**fields)
    return figures, "\n".join(f"{name}: {value}" for name, value in figures.items())
