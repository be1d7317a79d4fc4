"""The two charts of Compare: a measure of each run, and accuracy against time."""

from collections.abc import Sequence
from math import isnan
from typing import Any

import streamlit as st

from core.runs import RunRow
from core.runs import table as table_of
from core.scores import NAMES
from dashboard import server
from dashboard.compare import charts, columns
from dashboard.ui import choices, components, formats

MOST_BARS = 20  # more cannot be read at a glance
MOST_POINTS = 500  # more are slow to draw in a browser
LOSSES = ("log_loss", "calibration_error")  # of which less is better
MEASURES = {name: (columns.PERCENT | columns.LOSSES)[name] for name in ("accuracy", *NAMES, "calibration_error")}
COLOURED_BY = {"family": "Family", "group": "Group", "tags": "Tags"}


def show(finished: Sequence[RunRow]) -> None:
    """Draw the best of these runs by the chosen measure, and the most accurate against time."""
    with st.container(horizontal=True):
        measure = choices.titled(st.selectbox, "measure", "Measure", MEASURES, width=210)
        colours = _colours(finished)
    measured = [run for run in finished if not isnan(getattr(run, measure))]
    if len(measured) < len(finished):
        older = formats.count(len(finished) - len(measured), "run")
        st.caption(
            f"Left out: {older} from before this measure was stored, or for which it is undefined. "
            "`python -m core runs --measures` stores it for older runs."
        )
    which = "least" if measure in LOSSES else "most"
    best = sorted(measured, key=lambda run: getattr(run, measure), reverse=which == "most")[:MOST_BARS]
    if measure == "accuracy":
        bars = server.figures.of(charts.accuracy_bars, table_of(best), **colours)
    else:
        bars = server.figures.of(
            charts.measure_bars, table_of(best), measure=measure, title=MEASURES[measure], best=which, **colours
        )
    if best:
        components.chart(bars, key=f"bars-{measure}", alt=f"{MEASURES[measure]} of each run")
    _say_left_out(len(measured), MOST_BARS, "best")
    ranked = sorted(finished, key=lambda run: run.accuracy, reverse=True)
    points = server.figures.of(charts.accuracy_time, table_of(ranked[:MOST_POINTS]), **colours)
    components.chart(points, key="time", alt="Accuracy of each run against its time")
    _say_left_out(len(ranked), MOST_POINTS, "most accurate")


def _colours(finished: Sequence[RunRow]) -> dict[str, Any]:
    """What the colours of both charts stand for; a choice where somebody gave these runs groups or tags."""
    words = {"group": {run.group for run in finished}, "tags": {", ".join(run.tags) for run in finished}}
    titles = {name: title for name, title in COLOURED_BY.items() if name == "family" or words[name] - {""}}
    if len(titles) == 1:
        return {}
    by = choices.titled(st.selectbox, "coloured_by", "Colour", titles, width=190)
    return {"by": by, "words": tuple(sorted(words[by] - {""}))} if by != "family" else {}


def _say_left_out(runs: int, shown: int, which: str) -> None:
    if runs > shown:
        st.caption(f"The {shown} {which} of {formats.count(runs, 'finished run')}.")
