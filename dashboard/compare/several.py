"""The runs selected in the table: two image by image, more by their accuracies and training curves."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from core.config import BY_EPOCH
from core.errors import LabError
from core.runs import RunRow, table
from dashboard import server
from dashboard.compare import charts
from dashboard.run import versus
from dashboard.ui import components, formats, training_charts

MOST_CURVES = len(training_charts.RUN_COLOURS)  # runs; more colours cannot be told apart


def show(runs: Sequence[RunRow]) -> None:
    """Compare at least two runs."""
    tested = [run for run in runs if run.has_result]
    names = " against ".join(run.name for run in runs)
    st.subheader(formats.plain(names) if len(runs) == 2 else f"{len(runs)} runs together", anchor=False)
    try:
        if len(tested) == len(runs) == 2:
            versus.pair(*tested)
            return
        bars, curves = st.columns(2, gap="large")
        with bars:
            if tested:
                alt = "Accuracy of each selected run with its 95 % interval"
                components.chart(charts.accuracy_bars(table(tested)), key="selected-bars", alt=alt)
            else:
                st.caption("None of them has a result.")
        with curves:
            _curves(runs)
    except LabError as error:
        components.show_error(error)


def _curves(runs: Sequence[RunRow]) -> None:
    """The training curves of those that learn epoch by epoch; of several seeds, the first."""
    learned = [run for run in runs if run.config.method in BY_EPOCH][:MOST_CURVES]
    frames = [
        server.runs.curves(run.runs[0].id).assign(run=f"{number}. {run.name}") for number, run in enumerate(learned, 1)
    ]
    filled = [frame for frame in frames if not frame.empty]
    if not filled:
        st.caption("None of them was trained epoch by epoch, so there are no curves.")
        return
    components.chart(
        server.figures.of(training_charts.learning, pd.concat(filled)), key="selected-curves", alt="Training curves"
    )
    if len(filled) < len(runs):
        st.caption(f"Curves of {len(filled)} of them: at most {MOST_CURVES}, and only of runs trained epoch by epoch.")
