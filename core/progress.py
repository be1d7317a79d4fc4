"""Progress reports from long-running work; raising from the callback cancels it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import perf_counter


@dataclass(frozen=True)
class Progress:
    """A snapshot of long-running work."""

    stage: str  # download, load, extract, train, evaluate, ...
    done: int
    total: int  # 0 when unknown
    unit: str = "images"
    rate: float | None = None  # units per second
    seconds_left: float | None = None
    metrics: Mapping[str, float] = field(default_factory=dict)  # one point of each training curve
    step: int | None = None  # the position of that point on the curves; None: at `done`
    memory: int | None = None  # bytes held by the working process
    rows: Sequence[int] = ()  # the images done last, a few of them
    labels: Sequence[int] = ()  # the class that each was recognised as; empty before there is a head

    @property
    def fraction(self) -> float:
        """The part of the stage that is done, 0 to 1."""
        return min(self.done / self.total, 1.0) if self.total else 0.0


Report = Callable[[Progress], None]
"""Called often, from the working thread. It may raise `errors.Stopped`: let it propagate, and lose no finished work."""


def silent(progress: Progress) -> None:
    """Ignore the report."""


@contextmanager
def timed(seconds: dict[str, float], stage: str, report: Report = silent) -> Iterator[None]:
    """Report that a stage begins, and add the seconds that it takes to those it has taken."""
    report(Progress(stage, 0, 0))
    started = perf_counter()
    yield
    seconds[stage] = seconds.get(stage, 0.0) + perf_counter() - started
