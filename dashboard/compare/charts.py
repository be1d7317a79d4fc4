"""Charts of many runs: their accuracy and other measures as bars, and accuracy against time."""

from collections import defaultdict
from collections.abc import Sequence
from math import isnan

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core import options
from core.config import RunConfig
from dashboard.ui import charts, colours, pareto, run_labels

NOT_SAID = {"group": "No group", "tags": "No tags"}  # of runs that nobody gave one
_RUN_HOVER = "<b>%{customdata[1]}</b><br>%{customdata[2]}<extra></extra>"


def accuracy_bars(frame: pd.DataFrame, *, by: str = "family", words: Sequence[str] = ()) -> go.Figure:
    """Accuracy with its 95 % interval, one bar per run, best on top; columns of `runs.table`.

    Args:
        by: What a colour stands for: "family" of the backbone, or people's own words, "group" or "tags".
        words: All of these words, in the order of the colours.
    """
    frame = frame.dropna(subset=["accuracy"]).sort_values("accuracy", kind="stable")
    figure = _bars(frame, 100 * frame["accuracy"], "%.1f %%", by, words)
    figure.update_traces(error_x=charts.error_bars(frame))
    return figure.update_xaxes(title_text="Accuracy (%),<br>95 % interval", range=[0, 100])


def measure_bars(
    frame: pd.DataFrame, *, measure: str, title: str, best: str, by: str = "family", words: Sequence[str] = ()
) -> go.Figure:
    """Another measure, one bar per run, best on top; columns of `runs.table`, and colours as of `accuracy_bars`.

    Args:
        best: "most" or "least": which of its values is best.
    """
    frame = frame.dropna(subset=[measure]).sort_values(measure, ascending=best == "most", kind="stable")
    bars = _bars(frame, frame[measure], "%.3f", by, words)
    return bars.update_xaxes(title_text=title, rangemode="tozero")


def accuracy_time(
    frame: pd.DataFrame, *, seconds: str = "seconds", by: str = "family", words: Sequence[str] = ()
) -> go.Figure:
    """Accuracy with its 95 % interval against time, one point per run; columns and colours as of `accuracy_bars`.

    Runs on cached features are faint and cannot be on the front: reading features is not extracting them. Untrained
    weights are hollow.

    Args:
        seconds: The column of times, such as `seconds_train`.
    """
    titles = {"seconds": "Whole run", "seconds_train": "Training the head", "seconds_extract": "Extracting features"}
    frame = frame.dropna(subset=["accuracy", seconds])
    frame = frame[frame[seconds] > 0].assign(percent=lambda runs: 100 * runs["accuracy"])  # the axis is logarithmic
    frame = frame.reset_index(drop=True)
    hover = _run_hover(frame)
    cold = frame if seconds == "seconds_train" else frame[~frame["cached"].astype(bool)]
    front = cold[pareto.front(cold[seconds], cold["percent"])]
    labelled = set(front["run_id"][pareto.apart(front, frame, seconds, "percent")])
    figure = charts.canvas(pareto.line(front, seconds, "percent"), height=480)
    plainest_first = frame.sort_values(["cached", "weights_origin"], kind="stable")  # whose symbol the legend shows
    own_words_last = sorted(plainest_first.groupby(_kinds(plainest_first, by)), key=lambda kind: kind[0] in words)
    for name, members in own_words_last:
        look = colours.look(str(name), words)
        pareto.add_points(
            figure,
            charts.label(name),
            members[seconds],
            members["percent"],
            text=members["backbone"].where(members["run_id"].isin(labelled), ""),
            textposition="top left",
            error_y=charts.error_bars(members),
            customdata=hover[members.index],
            marker={
                "color": look["color"],
                "symbol": np.where(_untrained(members), f"{look['symbol']}-open", look["symbol"]),
                "size": 13,
                "opacity": np.where(members["run_id"].isin(cold["run_id"]), 1.0, 0.35),
            },
            hovertemplate=_RUN_HOVER,
        )
    title = f"{titles.get(seconds, seconds)} (seconds, logarithmic)"
    figure.update_xaxes(title_text=title, **pareto.logarithmic(frame[seconds], tickformat="~g"))
    return figure.update_yaxes(title_text="Accuracy on test images (%)")


def _bars(frame: pd.DataFrame, values: pd.Series, form: str, by: str, words: Sequence[str]) -> go.Figure:
    """A bar for each row, with its run's name and its value; the last row is on top."""
    hover = _run_hover(frame)
    bars = go.Bar(
        x=values,
        y=frame["run_id"],
        orientation="h",
        marker={
            "color": [colours.look(name, words)["color"] for name in _kinds(frame, by)],
            "opacity": charts.TINT,
            "pattern_shape": np.where(_untrained(frame), "/", ""),
        },
        customdata=hover,
        hovertemplate=_RUN_HOVER,
    )
    figure = charts.canvas(bars, height=110 + 44 * len(frame))
    labels = []
    for name, value in zip(hover[:, 1], values, strict=True):  # in two lines, which leave room for the bars
        title, _, details = name.partition(", ")
        labels.append(f"{title}<br>{details and f'{details}  '}<b>{form % value}</b>")
    return figure.update_yaxes(tickvals=frame["run_id"], ticktext=labels, type="category", title_text="")


def _kinds(frame: pd.DataFrame, by: str) -> pd.Series:
    """What the colour of each run stands for: see `accuracy_bars`."""
    return frame["backbone"].map(colours.family) if by == "family" else frame[by].fillna(NOT_SAID[by])


def _run_hover(frame: pd.DataFrame) -> np.ndarray:
    """The id and label of each run, and the provenance shown on hover."""
    lines = []
    of_hover = ["accuracy", "accuracy_low", "accuracy_high", "seconds", "cached", "hardware"]
    for run, untrained in zip(frame[of_hover].to_dict("records"), _untrained(frame), strict=True):
        details = [
            f"{100 * run['accuracy']:.1f} % ({100 * run['accuracy_low']:.1f} to {100 * run['accuracy_high']:.1f})",
            f"{run['seconds']:.1f} s, features {'from the cache' if run['cached'] else 'extracted'}",
            f"Measured on {run['hardware']}",
        ]
        if untrained:
            details.append("Untrained weights")
        lines.append("<br>".join(details))
    return np.stack([frame["run_id"], _run_labels(frame), lines], axis=1) if len(frame) else np.empty((0, 3))


def _run_labels(frame: pd.DataFrame) -> list[str]:
    """Names of runs, with whatever else distinguishes them."""
    sizes = frame["n_train_used"].nunique() > 1
    labels = []
    named_by = frame[["name", "seeds", "preprocessing", "n_train_used"]]
    for run, untrained in zip(named_by.to_dict("records"), _untrained(frame), strict=True):
        title = charts.label(run["name"])
        if run["seeds"] > 1:
            title += f", {run['seeds']} seeds"
        if untrained:
            title += " (untrained)"
        if run["preprocessing"] == "divide255":
            title += ", divided by 255"
        if sizes and not isnan(run["n_train_used"]):
            title += f", {run['n_train_used']:,.0f} images"
        labels.append(title)
    return _apart_by_settings(labels, frame)


def _apart_by_settings(labels: Sequence[str], frame: pd.DataFrame) -> list[str]:
    """Labels of which equal ones also name the settings in which their runs differ, at most two."""
    apart, places = list(labels), defaultdict(list)
    for place, name in enumerate(labels):
        places[name].append(place)
    configs = frame.filter(items=list(options.defaults(RunConfig))).to_dict("records")
    for same in (several for several in places.values() if len(several) > 1):
        settings = run_labels.settings([RunConfig(**configs[place]) for place in same])
        for place, own in zip(same, settings, strict=True):
            apart[place] += own and f", {own}"
    return apart


def _untrained(frame: pd.DataFrame) -> pd.Series:
    """Which runs have a backbone that was trained on nothing, neither before nor from scratch."""
    return (frame["weights_origin"] == "untrained") & (frame["method"] != "scratch")
