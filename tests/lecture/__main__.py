"""Plays a lecture on this machine alone: `python -m tests.lecture --learners 30`.

A lecturer and learners join a class, a challenge is opened, everybody trains and enters, learners try what they may not
do, and the lecturer closes. Printed is how long each step took, and what was refused.
"""

import argparse
import asyncio
import os
import re
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp

from core import challenges, hardware, roster, runs
from tests.lecture import intruder
from tests.lecture.person import Person
from tests.load.server import Server, started

TRAIN = "train?dataset={}&input_size=32&n_train={}"
NAME = "challenge"  # of the challenge that the form opens with all its defaults
PATIENCE = 600  # seconds for all runs to end and to be entered


def main() -> None:
    """Start the server of a class, play, print."""
    parser = argparse.ArgumentParser(prog="python -m tests.lecture", description=__doc__)
    parser.add_argument("--learners", type=int, default=30)
    learners = parser.parse_args().learners
    hardware.raise_open_files()
    with tempfile.TemporaryDirectory(prefix="backbone-lab-lecture-", ignore_cleanup_errors=True) as folder:
        os.environ |= hardware.huge_pages() | {"BACKBONE_LAB_HOME": folder, "BACKBONE_LAB_MODE": "class"}
        print(f"{hardware.name()}, load {os.getloadavg()[0]:.1f}", flush=True)
        with started(Path(folder), Path(folder) / "server.log") as server:
            asyncio.run(_play(server, learners))
            print(server.uncaught() or "No uncaught error in the server's log")


async def _play(server: Server, learners: int) -> None:
    async with AsyncExitStack() as stack:
        people = [Person(server.url, await stack.enter_async_context(_browser())) for _ in range(learners + 1)]
        lecturer, *learning = people
        await lecturer.follow(re.search(r"The lecturer opens \S+(/lab/lecturer\S+)", server.log.read_text())[1])
        while "Starting the engine" in (await lecturer.visit("home")).text:
            await asyncio.sleep(0.5)
        names = [f"Learner {number}" for number in range(1, learners + 1)]
        code = roster.read().code
        await _all("join", [lambda p=p, n=n: p.join(code, n) for p, n in zip(learning, names, strict=True)])

        await lecturer.visit("challenge")
        await lecturer.press("Open the challenge")
        await _until("the challenge is open", lambda: NAME in challenges.names())
        await _all("first look at the challenge", [lambda p=p: p.visit("challenge") for p in learning])
        opens = [(p, TRAIN.format(NAME, 50 + 50 * (n % 5))) for n, p in enumerate(learning)]
        await _all("open Train", [lambda p=p, link=link: p.visit(link) for p, link in opens])
        await _all("press Start", [lambda p=p: p.press("Start") for p, _ in opens])
        await _until("all runs have begun", lambda: {run.person for run in runs.rows()} >= set(names))
        await _until("all runs have ended", lambda: len(_finished()) == learners)

        own = {run.person: run.id for run in _finished()}
        await _all("open one's run", [lambda p=p: p.visit(f"run?run={own[p.name]}") for p in learning])
        refused, tried = await intruder.tries(lecturer, learning, own, NAME)
        await _all("press Enter it", [lambda p=p: p.press("Enter it") for p in learning])
        await _until("all have entered", lambda: len(challenges.of(NAME)) == learners)
        await _all("look at the board", [lambda p=p: p.visit("challenge") for p in people])

        await lecturer.visit("challenge")
        await lecturer.press("Close the challenge")
        await _until("the challenge is closed", lambda: not challenges.read(NAME).is_open)
        await _all("look at the hidden ranking", [lambda p=p: p.visit("challenge") for p in people])
        print(f"{refused} of {tried} tries to do what a learner may not were refused")
        pages = [shown for person in people for shown in person.pages]
        errors = [error for shown in pages for error in shown.errors]
        print(f"{len(pages)} pages, {sum(not shown.came for shown in pages)} never came, {len(errors)} errors")
        for error in sorted(set(errors)):
            print(f"{errors.count(error):6} x {error}")
        for person in people:
            await person.leave()


async def _all(step: str, actions: list[Callable[[], Awaitable]]) -> None:
    """Do something in all browsers at once, and print how long it took each."""

    async def timed(action: Callable[[], Awaitable]) -> float:
        began = time.monotonic()
        await action()
        return time.monotonic() - began

    seconds = sorted(await asyncio.gather(*map(timed, actions)))
    within = seconds[min(len(seconds) - 1, int(0.95 * len(seconds)))]
    print(
        f"{step:28} {len(seconds):3} at once: median {statistics.median(seconds):6.2f} s, 95 % {within:6.2f} s",
        flush=True,
    )


async def _until(what: str, done: Callable[[], bool]) -> None:
    """Wait for something in the home folder."""
    began = time.monotonic()
    async with asyncio.timeout(PATIENCE):
        while not done():
            await asyncio.sleep(0.1)
    print(f"{what:28} after {time.monotonic() - began:.1f} s", flush=True)


def _finished() -> list[runs.RunRow]:
    return [run for run in runs.rows() if run.status == "finished"]


def _browser() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))


if __name__ == "__main__":
    main()
