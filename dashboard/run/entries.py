"""An entry of several runs: seeds, or a sweep."""

from collections.abc import Sequence

from core.runs import RunRow
from dashboard.run import seeds, sweep


def with_those_of(shown: Sequence[str], entries: Sequence[RunRow]) -> list[RunRow]:
    """Runs and entries, and after each entry that is shown, or has a run that is, its own runs."""
    listed = []
    for entry in entries:
        listed += [entry, *(entry.members if any(map(entry.covers, shown)) else ())]
    return listed


def title(entry: RunRow) -> str:
    """The title of its tab on the page Run."""
    return "Sweep" if entry.cells else "Seeds"


def show(entry: RunRow) -> None:
    """Its result, and each of its runs to open."""
    (sweep if entry.cells else seeds).show(entry)
