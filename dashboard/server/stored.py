"""Every run of the store, for any visitor, read again when the store has changed.

Other processes write runs too. A store that cannot tell whether it has changed is read once a second at most.
"""

from collections.abc import Hashable
from time import monotonic

import streamlit as st

from core import people, runs
from core.data import dataset
from core.runs import Run, RunRow


def version(seconds: float = 1.0) -> Hashable:
    """A value that changes when the store does; where that is unknown, after some seconds."""
    known = runs.version()
    return int(monotonic() / seconds) if known is None else known


def person(run_id: str) -> str:
    """The owner of a run or entry; the lecturer if there is none."""
    run = _by_id(version()).get(run_id)
    return owner(run) if run else people.LECTURER


def owner(run: Run | RunRow) -> str:
    """The owner of a run; `people.HELD_BACK` if it is on images that are held back for a challenge."""
    return people.HELD_BACK if run.config.dataset in _held_back() else run.person


@st.cache_resource(max_entries=1, show_spinner=False)
def rows(version: Hashable) -> tuple[RunRow, ...]:
    """`runs.rows`, the newest first."""
    return tuple(sorted(runs.rows(), key=lambda run: run.created, reverse=True))


@st.cache_resource(max_entries=1, show_spinner=False)
def entries(version: Hashable) -> tuple[RunRow, ...]:
    """`runs.fold` of them: several seeds are one entry, and so is a sweep."""
    return tuple(runs.fold(rows(version)))


def refresh() -> None:
    """Read runs again: one was queued, stopped or deleted, or has ended."""
    for read in (rows, entries, _by_id, _held_back):
        read.clear()


@st.cache_resource(max_entries=1, show_spinner=False)
def _by_id(version: Hashable) -> dict[str, RunRow]:
    return {run.id: run for run in (*rows(version), *entries(version))}


@st.cache_resource(ttl=2, show_spinner=False)
def _held_back() -> frozenset[str]:
    return frozenset(name for name in dataset.names() if dataset.person(name) == people.HELD_BACK)
