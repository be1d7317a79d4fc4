"""Shares of an extraction: whole chunks of the cache, which other workers may compute at the same time.

    with given_to(submit): ...              others may take shares of what is extracted inside
    with offered(work, rows, chunk): ...    the shares of some rows

Others begin with the first share, the one that extracts with the last: it computes what is not stored when it comes to
it. So it never waits for anybody, and a worker that vanishes costs its share alone.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

COUNT = 32  # shares, where there are enough chunks: what is computed twice at the end is a part of one
LARGEST = 8  # chunks

Submit = Callable[..., Any]  # of a function and its arguments, to a future of Dask
Work = Callable[[np.ndarray], None]  # compute and store rows (n,), sorted, or raise LabError

_submit: ContextVar[Submit | None] = ContextVar("submit", default=None)


@dataclass(frozen=True)
class Share:
    """Some rows of an extraction, and the future of the worker that was asked for them."""

    places: slice  # among all its rows
    future: Any = None

    @property
    def size(self) -> int:
        """Rows."""
        return self.places.stop - self.places.start

    @property
    def stored(self) -> bool:
        """Whether another worker has done it; one that could not has failed."""
        return self.future is not None and self.future.status == "finished"


@contextmanager
def given_to(submit: Submit | None) -> Iterator[None]:
    """Let other workers compute shares of what this thread extracts inside; None: there are none."""
    token = _submit.set(submit)
    try:
        yield
    finally:
        _submit.reset(token)


@contextmanager
def offered(work: Work | None, rows: np.ndarray, chunk: int) -> Iterator[list[Share]]:
    """The shares of these rows (n,), sorted; others compute all but the last meanwhile. Without others, a single share.

    Args:
        work: What others would do; None if they cannot.
        chunk: Rows of a chunk.
    """
    submit = _submit.get()
    if submit is None or work is None:
        yield [Share(slice(0, len(rows)))]
        return
    *others, last = _cut(rows, chunk)
    given = [Share(places, submit(work, rows[places])) for places in others]
    try:
        yield [*given, Share(last)]
    finally:
        for share in given:
            share.future.cancel()


def _cut(rows: np.ndarray, chunk: int) -> list[slice]:
    begins = np.flatnonzero(np.diff(rows // chunk, prepend=-1))  # of each chunk
    size = min(max(len(begins) // COUNT, 1), LARGEST)
    return [slice(begin, end) for begin, end in pairwise([*begins[::size].tolist(), len(rows)])]
