"""The choice of the runs to compare, where there are runs of several datasets or numbers of test images."""

from collections.abc import Sequence

import streamlit as st

from core.evaluation import groups
from core.evaluation.groups import Group
from core.runs import RunRow
from dashboard import server
from dashboard.compare import table
from dashboard.state import address
from dashboard.ui import formats

NAME = "tested_on"  # in the address


def choose(runs: Sequence[RunRow]) -> Group:
    """The chosen group: that of the address, else of the run that is shown, else the one with the most results."""
    by_key = {group.key: group for group in groups.by_test_images(runs)}
    addressed = address.one_of(NAME, "Tested on", by_key)
    if len(by_key) == 1:
        return next(iter(by_key.values()))
    st.session_state[NAME] = addressed or _of_shown_run(by_key) or next(iter(by_key))

    def keep() -> None:
        if st.session_state.get(NAME) is not None:  # else the visitor left the page
            address.write(NAME, st.session_state[NAME])

    chosen = st.segmented_control(
        "Tested on",
        list(by_key),
        format_func=lambda key: _title(by_key[key]) if key in by_key else key,
        key=NAME,
        on_change=keep,
        required=True,
        wrap=True,
        help="Accuracies are comparable only on the same test images.",
    )
    return by_key.get(chosen or "", next(iter(by_key.values())))


def _of_shown_run(by_key: dict[str, Group]) -> str:
    shown = table.selected_by_address()[0]
    return next((key for key, group in by_key.items() if any(run.covers(shown) for run in group.runs)), "")


def _title(group: Group) -> str:
    images = formats.count(group.n_test, "test image") if group.n_test else "no result yet"
    dataset = formats.plain(server.datasets.title(group.dataset))
    return f"{dataset} · {images} ({formats.count(len(group.runs), 'run')})"
