"""The table of all runs: its filters, its columns and the selected run."""

from collections.abc import Sequence
from functools import partial
from math import nan

import pandas as pd
import streamlit as st

from core.backbones import BACKBONES
from core.config import TITLES
from core.runs import COLUMNS, STATUSES, RunRow, table
from dashboard import server
from dashboard.state import address, visitor
from dashboard.ui import answers, choices, formats, selections

ALWAYS = (  # columns shown even if their values do not differ
    "name",
    "backbone",
    "method",
    "status",
    "accuracy",
    "accuracy_low",
    "accuracy_high",
    "clean_accuracy",
    "labelled",
    "seconds",
    "network_params",
)
SEVERAL = ("seeds", "spread")  # after the accuracy, once there is a result of several seeds
NEVER = ("run_id", "version", "n_train", "n_test")  # the numbers of images actually used are shown instead
MOST_CLEAN = 20  # runs whose predictions are read for the column Without leaks
PERCENT = {
    "accuracy": "Accuracy",
    "accuracy_low": "At least",
    "accuracy_high": "At most",
    "clean_accuracy": "Without leaks",
    "top5": "Top-5",
    "validation_accuracy": "Validation, best",
    "last_validation_accuracy": "Validation, last",
    "frozen_accuracy": "Before unfreezing",
    "spread": "Spread over seeds",
    "calibration_error": "Calibration error",
    "balanced_accuracy": "Balanced accuracy",
    "macro_precision": "Precision, macro",
    "macro_f1": "F1, macro",
    "weighted_f1": "F1, weighted",
    "roc_auc": "ROC area, macro",
    "average_precision": "Average precision, macro",
}
HELP = {
    "clean_accuracy": f"On the test images that are nearly no training images; of the {MOST_CLEAN} most accurate runs"
}
SECONDS = {
    "seconds": "Time",
    "seconds_load": "Load",
    "seconds_extract": "Extract",
    "seconds_train": "Train",
    "seconds_evaluate": "Evaluate",
}
COUNTS = {"images_per_second": "Images/s", "n_train_used": "Training images", "n_val_used": "Validation images"}
COUNTS |= {"n_test_used": "Test images", "train_images_per_second": "Training images/s"}
COUNTS |= {"trainable_params": "Trainable parameters", "total_params": "Parameters", "peak_memory": "Memory, bytes"}
COUNTS |= {"labelled": "Labelled images", "network_params": "Parameters of the network"}
LOSSES = {"log_loss": "Log loss"}
COLUMN_CHOICES = {"differences": "Only differences", "all": "All columns"}
UNFORMATTED = [name for name in COLUMNS if name not in (PERCENT | SECONDS | COUNTS | LOSSES)]


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
    head, switch, download = st.columns([6, 3, 2], vertical_alignment="center")
    head.subheader(formats.count(len(runs), "run"), anchor=False)
    columns = choices.titled(
        switch.segmented_control, "columns", "Columns", COLUMN_CHOICES, required=True, label_visibility="collapsed"
    )
    download.download_button("CSV", partial(formats.csv, runs), "runs.csv", icon=":material/download:", width="stretch")
    visible = answers.only_differences(runs) if columns == "differences" else runs
    first = [*ALWAYS]
    if (runs["seeds"] > 1).any():
        first[first.index("labelled") : first.index("labelled")] = SEVERAL
    order = [*first, *(name for name in visible.columns if name not in (*first, *NEVER))]
    ids = runs["run_id"].tolist()
    shown = next((row.id for row in rows if row.covers(visitor.get().run)), None)
    runs = runs.assign(labelled=labelled(runs), network_params=runs["backbone"].map(_params), **_clean_accuracy(rows))
    percent = {name: 100 * runs[name] for name in PERCENT if name in runs}
    event = st.dataframe(
        runs.assign(**percent, method=[TITLES[name] for name in runs["method"]]),
        column_order=order,
        column_config=_columns(),
        hide_index=True,
        on_select="rerun",
        selection_mode="multi-row",
        selection_default={"selection": {"rows": [ids.index(shown)]}} if shown else None,
        key=f"runs-{hash(tuple(ids))}",  # a selection is a position, which is wrong once the rows change
        alt="Every run with its settings and results",
    )
    selected = selections.table_ids(event, runs)
    if len(selected) == 1 and selected[0] != shown:
        visitor.update(run=selected[0])
    return selected


def labelled(runs: pd.DataFrame) -> pd.Series:
    """The labelled images that each run used for training and validation; 0 for zero-shot."""
    return runs["n_train_used"] + runs["n_val_used"]


def _clean_accuracy(rows: Sequence[RunRow]) -> dict[str, list[float]]:
    """A column: accuracy without leaked test images, of the most accurate runs, NaN of others; none if none leaked."""
    finished = (run for run in rows if run.status == "finished")
    best = sorted(finished, key=lambda run: run.accuracy, reverse=True)[:MOST_CLEAN]
    clean = {run.id: found.others.value for run in best if (found := server.runs.leaks_of(run))}
    return {"clean_accuracy": [clean.get(run.id, nan) for run in rows]} if clean else {}


def _params(backbone: str) -> float:
    """Parameters of a backbone, of a CLIP its image tower alone; NaN for an unknown backbone."""
    return BACKBONES[backbone].params if backbone in BACKBONES else float("nan")


def _filter(column: str, label: str, options: list[str]) -> list[str]:
    """The options that a visitor chose; all of them if none is chosen or there is only one."""
    return _chosen(column, label, options) or options if len(options) > 1 else options


def _own_words(column: str, label: str, words: set[str]) -> set[str]:
    """Of what people wrote, what a visitor chose; nothing if nobody wrote anything."""
    options = sorted(words - {""})
    return set(_chosen(column, label, options)) if options else set()


def _chosen(column: str, label: str, options: list[str]) -> list[str]:
    address.check_bound(f"only_{column}", label, options)
    return st.multiselect(
        label, options, placeholder="All", key=f"only_{column}", bind="query-params", select_all=False
    )


def _columns() -> dict:
    number = st.column_config.NumberColumn
    return {
        **{name: name.replace("_", " ").capitalize() for name in UNFORMATTED},
        "name": st.column_config.TextColumn("Name", pinned=True),
        "created": st.column_config.DatetimeColumn("Started", format="distance"),
        "method": "Method",
        "cached": "Features cached",
        **{name: number(label, format="%.1f %%", help=HELP.get(name)) for name, label in PERCENT.items()},
        **{name: number(label, format="%.3f") for name, label in LOSSES.items()},
        **{name: number(f"{label} (s)", format="%.1f") for name, label in SECONDS.items()},
        **{
            name: number(label, format="%.0f" if name == "images_per_second" else "localized")
            for name, label in COUNTS.items()
        },
    }
