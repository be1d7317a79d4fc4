"""The table of all runs: its filters, its columns and the selected run."""

from collections.abc import Sequence
from functools import partial
from math import nan

import pandas as pd
import streamlit as st

from core import quoting
from core.backbones import BACKBONES
from core.config import TITLES
from core.runs import STATUSES, RunRow, table
from dashboard import server
from dashboard.compare import columns
from dashboard.state import address, visitor
from dashboard.ui import formats, selections

SELECTED = "selected"  # in the address: the ids of the selected runs, of two or more


def choose_runs(runs: Sequence[RunRow]) -> list[RunRow]:
    """The runs that pass the filters, which offer only values that occur."""
    present = {run.status for run in runs}
    statuses = _filter("status", "Status", [status for status in STATUSES if status in present])
    backbones = _filter("backbone", "Backbone", sorted({run.config.backbone for run in runs}))
    groups = _own_words("group", "Group", {run.group for run in runs})
    tags = _own_words("tag", "Tags", {tag for run in runs for tag in run.tags})
    return [
        run
        for run in runs
        if run.status in statuses
        and run.config.backbone in backbones
        and (not groups or run.group in groups)
        and tags <= set(run.tags)
    ]


def show(rows: Sequence[RunRow]) -> list[str]:
    """Draw the table; returns the ids of the selected runs."""
    runs = table(rows)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(formats.count(len(runs), "run"), anchor=False)
        which = columns.choose_which()
        st.download_button("CSV", partial(quoting.csv, runs), "runs.csv", icon=":material/download:")
    order = columns.choose(runs, which)
    ids = runs["run_id"].tolist()
    key = f"runs-{hash(tuple(ids))}"  # a selection is a position, which is wrong once the rows change
    addressed = _addressed(rows)
    if key not in st.session_state or address.by_history():
        st.session_state[key] = {"selection": {"rows": [ids.index(run_id) for run_id in addressed]}}
    runs = runs.assign(labelled=labelled(runs), network_params=runs["backbone"].map(_params), **_clean_accuracy(rows))
    percent = {name: 100 * runs[name] for name in columns.PERCENT if name in runs}
    event = st.dataframe(
        runs.assign(**percent, method=[TITLES[name] for name in runs["method"]]),
        column_order=order,
        column_config=columns.config(),
        hide_index=True,
        on_select="rerun",
        selection_mode="multi-row",
        key=key,
        placeholder="–",
        alt="Every run with its settings and results",
    )
    selected = selections.table_ids(event, runs)
    if len(selected) == 1 and selected != addressed:
        visitor.update(run=selected[0])
    if selected != addressed:
        address.write(SELECTED, _joined(selected))
    return selected


def selected_by_address() -> list[str]:
    """The ids of the runs that the address selects."""
    return (address.current(SELECTED) or visitor.get().run).split("+")


def _addressed(rows: Sequence[RunRow]) -> list[str]:
    """The ids of the rows that the address selects; says which of a link are not among them."""
    wanted = selected_by_address()
    selected = [row.id for row in rows if any(map(row.covers, wanted))]
    if address.linked(SELECTED):
        missing = [run_id for run_id in wanted if not any(row.covers(run_id) for row in rows)]
        address.write(SELECTED, _joined(selected))
        if missing:
            address.note(SELECTED, "Selected runs", ", ".join(missing), "is not among the runs shown here")
    return selected


def _joined(selected: Sequence[str]) -> str | None:
    return "+".join(selected) if len(selected) > 1 else None


def labelled(runs: pd.DataFrame) -> pd.Series:
    """The labelled images that each run used for training and validation; 0 for zero-shot."""
    return runs["n_train_used"] + runs["n_val_used"]


def _clean_accuracy(rows: Sequence[RunRow]) -> dict[str, list[float]]:
    """A column: accuracy without leaked test images, of the most accurate runs, NaN of others; none if none leaked."""
    finished = (run for run in rows if run.status == "finished")
    best = sorted(finished, key=lambda run: run.accuracy, reverse=True)[: columns.MOST_CLEAN]
    clean = {run.id: leaked.others.value for run in best if (leaked := server.runs.leaks_of(run))}
    return {"clean_accuracy": [clean.get(run.id, nan) for run in rows]} if clean else {}


def _params(backbone: str) -> float:
    """Parameters of a backbone, of a CLIP its image tower alone; NaN for an unknown backbone."""
    return BACKBONES[backbone].params if backbone in BACKBONES else float("nan")


def _filter(column: str, label: str, options: list[str]) -> list[str]:
    """The options that a visitor chose; all of them if none is chosen or there is only one."""
    return _chosen(column, label, options) or options if len(options) > 1 else options


def _own_words(column: str, label: str, words: set[str]) -> set[str]:
    """Which groups or tags a visitor chose; nothing if no run has any."""
    options = sorted(words - {""})
    return set(_chosen(column, label, options)) if options else set()


def _chosen(column: str, label: str, options: list[str]) -> list[str]:
    address.check_bound(f"only_{column}", label, options)
    return st.multiselect(
        label, options, placeholder="All", key=f"only_{column}", bind="query-params", select_all=False
    )
