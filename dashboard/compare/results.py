"""The two charts of Compare: accuracy of each run, and accuracy against time."""

from collections.abc import Sequence

import streamlit as st

from core.runs import RunRow, table
from dashboard import server
from dashboard.ui import charts, components, formats

MOST_BARS = 20  # more cannot be read at a glance
MOST_POINTS = 500  # more are slow to draw in a browser


def show(finished: Sequence[RunRow]) -> None:
    """Draw the most accurate of these runs."""
    ranked = sorted(finished, key=lambda run: run.accuracy, reverse=True)
    results = table(ranked[:MOST_POINTS])
    bars = server.figures.of(charts.accuracy_bars, results.head(MOST_BARS))
    components.chart(bars, key="bars", alt="Accuracy of each run with its 95 % interval")
    _say_left_out(len(ranked), MOST_BARS)
    points = server.figures.of(charts.accuracy_time, results)
    components.chart(points, key="time", alt="Accuracy of each run against its time")
    _say_left_out(len(ranked), MOST_POINTS)


def _say_left_out(runs: int, shown: int) -> None:
    if runs > shown:
        st.caption(f"The {shown} most accurate of {formats.count(runs, 'finished run')}.")
