"""The columns of the table of runs: what they are called, and which are shown."""

from functools import cache
from typing import Any

import pandas as pd
import streamlit as st

from core.runs import COLUMNS
from dashboard.state import address, preferences
from dashboard.ui import answers, choices

USUAL = (  # shown even if their values do not differ
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
    "accuracy_low": "95 % from",
    "accuracy_high": "95 % to",
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
    "clean_accuracy": f"Without test images that are nearly training images; for the {MOST_CLEAN} most accurate runs"
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
WORDS = {"created": "Started", "cached": "Features cached"}
SHOWN = {"differences": "Only differences", "all": "All columns", "chosen": "My choice"}


def choose_which() -> str:
    """The buttons for which columns are shown: a name of `SHOWN`. The choice is kept for the next visit."""
    preferences.recall("columns", "column")
    return choices.titled(
        st.segmented_control, "columns", "Columns", SHOWN, required=True, label_visibility="collapsed"
    )


def choose(runs: pd.DataFrame, which: str) -> list[str]:
    """The columns to show of the rows of `runs.table`, in their order."""
    names = _usual(runs)
    if which == "chosen":
        chosen = address.several("column", "Columns", _titles(), widget=st.multiselect, default=names, select_all=False)
        names = ["name", *(name for name in chosen.split("+") if name not in ("", "name"))]
    else:
        visible = answers.only_differences(runs) if which == "differences" else runs
        names += [name for name in visible.columns if name not in (*names, *NEVER)]
    preferences.keep("columns", "column")
    return names


def config() -> dict[str, Any]:
    """The title and format of each column."""
    number = st.column_config.NumberColumn
    return {
        **_titles(),
        "name": st.column_config.TextColumn("Name", pinned=True),
        "created": st.column_config.DatetimeColumn("Started", format="distance"),
        **{name: number(title, format="%.1f %%", help=HELP.get(name)) for name, title in PERCENT.items()},
        **{name: number(title, format="%.3f") for name, title in LOSSES.items()},
        **{name: number(f"{title} (s)", format="%.1f") for name, title in SECONDS.items()},
        **{
            name: number(title, format="%.0f" if name == "images_per_second" else "localized")
            for name, title in COUNTS.items()
        },
    }


def _usual(runs: pd.DataFrame) -> list[str]:
    several = SEVERAL if (runs["seeds"] > 1).any() else ()
    place = USUAL.index("labelled")
    return [*USUAL[:place], *several, *USUAL[place:]]


@cache
def _titles() -> dict[str, str]:
    """What every column is called that can be shown, the usual ones first."""
    named = PERCENT | SECONDS | COUNTS | LOSSES | WORDS
    names = dict.fromkeys([*USUAL, *SEVERAL, *COLUMNS])
    return {name: named.get(name) or name.replace("_", " ").capitalize() for name in names if name not in NEVER}
