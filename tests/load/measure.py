"""Many visitors at once: how long their pages take, what that costs the server, and what a run beside them loses."""

import asyncio
import itertools
import random
import statistics
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

import aiohttp

from core import roster, runs, settings
from tests.load import home
from tests.load.server import Server
from tests.load.visitor import PATIENCE, Shown, Visitor, join

SMALL = f"input_size={home.SIZE}"
LINKS = {"train": f"train?{SMALL}", "maps": f"maps?{SMALL}&map=pca", "run": "run", "challenge": "challenge"}
ALONE = ["train", "maps", "run"]
ENGINE = "Starting the engine"
TRAINED = "train?method=scratch&backbones=CustomCNN&input_size=32&epochs="
_NUMBERS = itertools.count(1)  # in the names of those who join a class


@dataclass
class Load:
    """What was measured while visitors were there."""

    sessions: int
    pages: list[Shown] = field(default_factory=list)
    polls: int = 0
    seconds: float = 0.0  # from the first page to the last
    processor_seconds: float = 0.0  # of the web server meanwhile
    memory: int = 0  # bytes that the web server took meanwhile
    run_seconds: float | None = None  # of the run beside them
    server_cores: float = 0.0  # processor seconds a second, from the first page to the last, or to the end of the run
    visitor_cores: float = 0.0  # likewise, of this process, which plays them

    @property
    def missing(self) -> list[Shown]:
        """Pages that never came."""
        return [page for page in self.pages if not page.came]

    @property
    def errors(self) -> list[str]:
        """What went wrong on any page."""
        return [f"{page.name}: {error}" for page in self.pages for error in page.errors]

    def median(self, name: str = "") -> float:
        """Seconds to a finished page; of all pages, or those of one name."""
        return statistics.median(self._seconds(name))

    def within(self, share: float = 0.95, name: str = "") -> float:
        """Seconds within which this share of the pages was finished."""
        waits = sorted(self._seconds(name))
        return waits[min(len(waits) - 1, int(share * len(waits)))]

    def _seconds(self, name: str) -> list[float]:
        return [page.seconds for page in self.pages if name in ("", page.name)]


async def settle(server: Server, names: Sequence[str]) -> None:
    """Wait until the engine has started, and open each page once, as whoever started the dashboard did."""
    async with AsyncExitStack() as stack:
        visitor = await _visitor(server, stack)
        while not (shown := await visitor.open("home")).came or ENGINE in shown.text:
            await asyncio.sleep(0.5)
        for name in names:
            await visitor.open(LINKS[name])
        await visitor.close()


async def visit(
    server: Server, sessions: int, names: Sequence[str], *, pause: float, seed: int = 0, epochs: int = 0
) -> Load:
    """Let visitors come within one pause, open pages in turn with pauses between, and stay on the last.

    Args:
        pause: Seconds on average, half of it at least and one and a half at most.
        epochs: Of a run that is started first and is over at the end; 0: there is none.
    """
    load, rng = Load(sessions), random.Random(seed)
    async with AsyncExitStack() as stack:
        starter = await _visitor(server, stack)
        run_id = await _train(starter, epochs) if epochs else ""
        memory, processor = server.memory(), server.processor_seconds()
        visitors = [await _visitor(server, stack) for _ in range(sessions)]
        started, own = time.monotonic(), time.process_time()
        await asyncio.gather(
            *(_walk(visitor, names, load, random.Random(rng.random()), pause) for visitor in visitors),
        )
        load.seconds, load.processor_seconds = time.monotonic() - started, server.processor_seconds() - processor
        load.memory = server.memory() - memory
        load.polls = sum(visitor.polls for visitor in visitors)
        if run_id:
            load.run_seconds = await _ended(run_id)
        lasted = time.monotonic() - started
        load.server_cores = (server.processor_seconds() - processor) / lasted
        load.visitor_cores = (time.process_time() - own) / lasted
        for page, visitor in zip(load.pages, visitors, strict=False):
            if visitor.lost:
                page.errors.append(visitor.lost)
        await asyncio.gather(*(visitor.close() for visitor in [*visitors, starter]))
    return load


async def alone(server: Server, epochs: int) -> float:
    """Seconds of the run of `visit` with no visitor but the one who started it, on a page that polls nothing."""
    async with AsyncExitStack() as stack:
        visitor = await _visitor(server, stack)
        seconds = await _ended(await _train(visitor, epochs))
        await visitor.close()
    return seconds


async def _walk(visitor: Visitor, names: Sequence[str], load: Load, rng: random.Random, pause: float) -> None:
    await asyncio.sleep(rng.uniform(0, pause))
    for name in names:
        load.pages.append(await visitor.open(LINKS[name]))
        await asyncio.sleep(rng.uniform(0.5, 1.5) * pause)


async def _train(visitor: Visitor, epochs: int) -> str:
    """Start a run on the page Train, as a visitor does; returns its id. The tab is left."""
    before = {run.id for run in runs.rows()}
    await visitor.open(f"{TRAINED}{epochs}")
    await visitor.press("Start")
    await visitor.close()
    async with asyncio.timeout(PATIENCE):
        while not (new := {run.id for run in runs.active()} - before):
            await asyncio.sleep(0.2)
    return new.pop()


async def _ended(run_id: str) -> float:
    """Wait for the end of a run; its seconds of training."""
    while runs.get(run_id).status not in runs.ENDED:
        await asyncio.sleep(1)
    outcome = runs.get(run_id).outcome
    if outcome is None:
        raise RuntimeError(f"The run {run_id} ended as {runs.get(run_id).status}: {runs.get(run_id).error}")
    return outcome.seconds["train"]


async def _visitor(server: Server, stack: AsyncExitStack) -> Visitor:
    """Somebody with a browser of their own, who has joined the class if there is one."""
    browser = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), cookie_jar=aiohttp.CookieJar(unsafe=True))
    http = await stack.enter_async_context(browser)
    if settings.mode() == "class":
        status = await join(server.url, http, roster.read().code, f"Visitor {next(_NUMBERS)}")
        assert status < 400, f"joining the class was answered with {status}"
    return Visitor(server.url, http)
