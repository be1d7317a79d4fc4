"""The choice of the runs to compare, where there are runs of several datasets or numbers of test images."""

from collections.abc import Sequence

import streamlit as st

from core.evaluation import groups
from core.evaluation.groups import Group
from core.runs import RunRow
from dashboard.state import address, visitor
from dashboard.ui import formats

NAME = "tested_on"  # in the address


def choose(runs: Sequence[RunRow]) -> Group:
    """The chosen group: that of the address, else of the run that is shown, else the one with the most results."""
    found = {group.key: group for group in groups.by_test_images(runs)}
    addressed = address.one_of(NAME, "Tested on", found)
    if len(found) == 1:
        return next(iter(found.values()))
    st.session_state[NAME] = addressed or _of_shown_run(found) or next(iter(found))

    def keep() -> None:
        if st.session_state.get(NAME) is not None:  # else the visitor left the page
            address.write(NAME, st.session_state[NAME])

    chosen = st.segmented_control(
        "Tested on",
        list(found),
        format_func=lambda key: _title(found[key]) if key in found else key,
        key=NAME,
        on_change=keep,
        required=True,
        wrap=True,
        help="Accuracies are comparable only on the same test images.",
    )
    return found.get(chosen or "", next(iter(found.values())))


def _of_shown_run(found: dict[str, Group]) -> str:
    shown = visitor.get().run
    return next((key for key, group in found.items() if any(run.id == shown for run in group.runs)), "")


def _title(group: Group) -> str:
    images = formats.count(group.n_test, "test image") if group.n_test else "no result yet"
    return f"{formats.plain(group.dataset)} · {images} ({formats.count(len(group.runs), 'run')})"
