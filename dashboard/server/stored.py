"""Every run of the store, whoever asks, read again when the store has changed.

Other processes write runs too. A store that cannot tell whether it has changed is read once a second at most.
"""

from collections.abc import Hashable
from time import monotonic

import streamlit as st

from core import people, runs
from core.runs import RunRow


def version(seconds: float = 1.0) -> Hashable:
    """What stays the same as long as the store does; where that is unknown, for so many seconds."""
    known = runs.version()
    return int(monotonic() / seconds) if known is None else known


def person(run_id: str) -> str:
    """Whose a run or entry is; the lecturer's if there is none."""
    return _persons(version()).get(run_id, people.LECTURER)


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
    for read in (rows, entries, _persons):
        read.clear()


@st.cache_resource(max_entries=1, show_spinner=False)
def _persons(version: Hashable) -> dict[str, str]:
    return {run.id: run.person for run in (*rows(version), *entries(version))}
