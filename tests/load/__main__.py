"""Measures the dashboard under load, on this machine alone: `python -m tests.load --sessions 100`."""

import argparse
import asyncio
import collections
import os
import subprocess
import sys
import tempfile
from dataclasses import asdict, astuple
from pathlib import Path

import numpy as np
import psutil

from core import hardware
from tests.load import measure
from tests.load.measure import Load
from tests.load.server import ROOT, Held, Server, started

STEADY_AFTER = 15  # rounds, in which the caches of the server fill
KEPT = 1800  # seconds, as in dashboard/.streamlit/config.toml
EPOCHS = 40  # of the run beside the visitors: about half a minute


def main() -> None:
    """Start a dashboard, send visitors, print figures."""
    options = _options()
    hardware.raise_open_files()
    os.environ |= {name: value for name, value in hardware.huge_pages().items() if name not in os.environ}
    with tempfile.TemporaryDirectory(prefix="backbone-lab-load-", ignore_cleanup_errors=True) as temporary:
        home = Path(options.home or temporary)
        os.environ |= {"BACKBONE_LAB_HOME": str(home), "BACKBONE_LAB_MODE": "class" if options.in_class else "alone"}
        if not options.home:
            print(f"Making {options.runs} runs and a map", flush=True)
            command = [sys.executable, "-m", "tests.load.home", str(options.runs)]
            subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
        print(f"{hardware.name()}, {hardware.describe()['memory_gb']:.0f} GB, Python {hardware.describe()['python']}")
        with started(home, home / "server.log", f"--server.disconnectedSessionTTL={options.kept}") as server:
            asyncio.run(_measure(server, options))


async def _measure(server: Server, options: argparse.Namespace) -> None:
    await measure.settle(server, options.pages)
    alone = await measure.alone(server, options.epochs) if options.train else None
    print(f"{'sessions':>8} {'pages':>6} {'median':>7} {'95 %':>6} {'never':>6} {'errors':>7} {'polls/s':>8}", end=" ")
    print(f"{'CPU s/page':>10} {'MB/session':>10} {'load':>5} {'run':>6}", flush=True)
    for sessions in options.sessions:
        held = []
        for _ in range(options.rounds):
            load = await measure.visit(
                server,
                sessions,
                options.pages,
                pause=options.pause,
                seed=options.seed,
                epochs=options.epochs if options.train else 0,
            )
            _print(load, alone)
            if options.rounds > 1:
                held.append(server.collect())
                print(f"Afterwards the server holds {_counts(asdict(held[-1]))}", flush=True)
        if options.rounds >= 2 * STEADY_AFTER:
            print(f"After round {STEADY_AFTER}, a hundred visitors added {_counts(_slopes(held, sessions))}")
    if uncaught := server.uncaught():
        print(uncaught)


def _print(load: Load, alone: float | None) -> None:
    run = f"{load.run_seconds / alone:.2f} x" if load.run_seconds and alone else ""
    print(
        f"{load.sessions:8} {len(load.pages):6} {load.median():7.2f} {load.within():6.2f} {len(load.missing):6} "
        f"{len(load.errors):7} {load.polls / load.seconds:8.1f} {load.processor_seconds / len(load.pages):10.3f} "
        f"{load.memory / load.sessions / 1e6:10.1f} {psutil.getloadavg()[0]:5.1f} {run:>6}"
    )
    for name in dict.fromkeys(page.name for page in load.pages):
        print(f"{'':8} {name:>6} {load.median(name):7.2f} {load.within(name=name):6.2f}")
    for error, count in collections.Counter(load.errors).most_common(5):
        print(f"{count:8} x {error}")
    if load.run_seconds:
        print(f"The run trained for {load.run_seconds:.1f} s, alone for {alone:.1f} s", end="; ")
    print(f"the server used {load.server_cores:.2f} of a core, the visitors {load.visitor_cores:.2f}")
    sys.stdout.flush()


def _slopes(held: list[Held], sessions: int) -> dict[str, float]:
    """What a hundred visitors added to each count, by least squares over all but the first rounds."""
    table = np.array([astuple(each) for each in held[STEADY_AFTER:]])
    visitors = sessions * np.arange(len(table)) / 100
    slopes = np.polyfit(visitors, table, 1)[0]
    return dict(zip(asdict(held[0]), map(float, slopes), strict=True))


def _counts(held: dict[str, float]) -> str:
    memory, *rest = held.items()
    return ", ".join([f"{memory[1] / 1e6:.1f} MB", *(f"{count:.3g} {name}" for name, count in rest)])


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.load", description=__doc__)
    parser.add_argument("--sessions", type=int, nargs="+", default=[10], help="visitors, one number for each line")
    parser.add_argument("--in-class", action="store_true", help="visitors have joined a class with an open challenge")
    parser.add_argument("--pages", nargs="+", default=measure.ALONE, choices=list(measure.LINKS))
    parser.add_argument("--pause", type=float, default=5.0, help="seconds on average between two pages of a visitor")
    parser.add_argument("--rounds", type=int, default=1, help="times that visitors come and go, and memory is compared")
    parser.add_argument("--kept", type=int, default=KEPT, help="seconds that the server keeps what a closed tab had")
    parser.add_argument("--runs", type=int, default=4, help="runs in the home folder")
    parser.add_argument("--train", action="store_true", help="beside a run; its time is compared with that alone")
    parser.add_argument("--epochs", type=int, default=EPOCHS, help="of that run")
    parser.add_argument("--seed", type=int, default=0, help="of the pauses")
    parser.add_argument("--home", help="an existing home folder instead of a temporary one")
    return parser.parse_args()


if __name__ == "__main__":
    main()
