"""Few-shot curves as a chart, a table, and a sentence on how many labelled images per class reach a target."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core.evaluation import few_shot
from core.evaluation.few_shot import Crossing, Curve, Point
from core.metrics import Interval
from dashboard.ui import findings, formats
from dashboard.ui.charts import canvas, error_bars, label
from dashboard.ui.colours import QUIET, backbone_colour, strokes

HEIGHT = 400  # pixels: with the answer above it, in the first screen of a laptop
MOST = 3  # backbones in the answer
MOST_NAMES = 12  # dots with a name and an interval; more would overlap


def answer(curves: Mapping[str, Curve], lines: Mapping[str, Interval]) -> str:
    """What the curves say, at a size of few images and against the first line; Markdown."""
    if np.isnan(shots := few_shot.shared_size(list(curves.values()))):
        return ""
    few = {name: point for name, curve in curves.items() if (point := few_shot.at(curve, shots))}
    ranked = sorted(few, key=lambda name: few[name].mean, reverse=True)
    parts = [
        f"**{name}** {'is right on' if index == 0 else 'on'} {formats.percent(few[name].mean)} ({_range(few[name])})"
        for index, name in enumerate(ranked[:MOST])
    ]
    images = formats.count(curves[ranked[0]].n_test, "test image")
    text = f"With {_shots(shots)}, {formats.listed(parts)} of {images}."
    if len(ranked) > 1:
        best, rival = ranked[:2]
        change = few_shot.change(curves[rival], curves[best], shots)
        text += f" {findings.change(change, rival, best)}"
    elif not lines and (most := curves[ranked[0]].points[-1]).shots > shots:
        text += f" With {_shots(most.shots)}, it is right on {formats.percent(most.mean)}."
    return " ".join([text, *crossings({ranked[0]: curves[ranked[0]]}, dict([*lines.items()][:1]))])


def crossings(curves: Mapping[str, Curve], lines: Mapping[str, Interval]) -> list[str]:
    """`sentence` for each backbone and each line."""
    return [
        sentence(name, title, few_shot.crossing(curve, line), complete=curve.complete)
        for name, curve in curves.items()
        for title, line in lines.items()
    ]


def sentence(backbone: str, line: str, crossing: Crossing, *, complete: bool) -> str:
    """How many images per class a backbone needs to reach a named line; Markdown."""
    if np.isinf(crossing.shots):
        amount = "All" if complete else "Up to"
        size = f"{amount} {formats.count(crossing.most)} labelled images per class"
        if np.isinf(crossing.low):
            return f"{size} are not enough for **{backbone}** to reach {line}."
        return (
            f"{size} are not enough for **{backbone}** to reach {line}; "
            f"it is close: from {_shots(crossing.low)} on, the luckiest draw is inside the line's interval."
        )
    if crossing.shots <= crossing.fewest:
        sure = ", whichever images are drawn" if crossing.high <= crossing.fewest else ""
        return f"**{backbone}** reaches {line} with only {_shots(crossing.fewest)}{sure}."
    text = f"**{backbone}** needs about **{_shots(crossing.shots)}** to reach {line}"
    if np.isinf(crossing.high):
        most = f"more than the {formats.count(crossing.most)} available"
    else:
        most = formats.count(crossing.high)
    return f"{text} (from {formats.count(max(crossing.low, 1))} to {most})."


def chart(curves: Mapping[str, Curve], lines: Mapping[str, Interval], dots: pd.DataFrame | None = None) -> go.Figure:
    """Accuracy against labelled images per class on a log axis: mean and range of the draws, lines with intervals.

    Args:
        dots: Runs, as `dots.frame` gives them.
    """
    figure = canvas(height=HEIGHT)
    for (name, curve), stroke in zip(curves.items(), strokes(list(curves)), strict=True):
        _add_curve(figure, name, curve, stroke)
    ends = [point.shots for curve in curves.values() for point in curve.points]
    if dots is not None and len(dots):
        _add_dots(figure, dots)
        ends += dots["shots"].tolist()
    ends = ends or [1, 2]
    for index, (name, line) in enumerate(lines.items()):
        figure.add_hrect(100 * line.low, 100 * line.high, fillcolor=QUIET, opacity=0.12, line_width=0)
        figure.add_scatter(
            x=[min(ends), max(ends)],
            y=[100 * line.value] * 2,
            name=name,
            mode="lines",
            line={"color": QUIET, "width": 2.5, "dash": ("dash", "dot", "dashdot")[index % 3]},
            hovertemplate=f"<b>{name}</b>: %{{y:.1f}} %<extra></extra>",
        )
    ticks = sorted({float(round(end)) for end in ends})
    shown = [tick for tick, after in zip(ticks, [*ticks[1:], np.inf], strict=True) if after / tick > 1.3]
    figure.update_xaxes(
        type="log",
        title_text="Labelled training images per class",
        tickvals=shown,
        ticktext=[formats.count(tick) for tick in shown],
    )
    return figure.update_yaxes(title_text="Accuracy on test images (%)")


def _add_curve(figure: go.Figure, name: str, curve: Curve, stroke: dict) -> None:
    """The means of a backbone's draws as a line, on a band from the worst to the best draw."""
    x = [point.shots for point in curve.points]
    low, high = ([100 * end(point.accuracies) for point in curve.points] for end in (min, max))
    figure.add_scatter(
        x=[*x, *x[::-1]],
        y=[*high, *low[::-1]],
        fill="toself",
        fillcolor=stroke["color"],
        opacity=0.18,
        line_width=0,
        mode="lines",
        hoverinfo="skip",
        showlegend=False,
        legendgroup=name,
    )
    draws = [len(point.accuracies) for point in curve.points]
    figure.add_scatter(
        x=x,
        y=[100 * point.mean for point in curve.points],
        name=name,
        legendgroup=name,
        mode="lines+markers",
        line=stroke | {"width": 3},
        marker_size=9,
        customdata=list(zip([point.images for point in curve.points], low, high, draws, strict=True)),
        hovertemplate="<b>" + name + "</b><br>%{x:,.0f} images per class, %{customdata[0]:,} in all: %{y:.1f} %<br>"
        "%{customdata[3]} draws, %{customdata[1]:.1f} to %{customdata[2]:.1f} %<extra></extra>",
    )


def table(curves: Mapping[str, Curve]) -> pd.DataFrame:
    """A row for each size of each backbone; accuracies and their range in percent."""
    return pd.DataFrame(
        [
            {
                "Backbone": name,
                "Images per class": point.shots,
                "Labelled images": point.images,
                "Mean accuracy (%)": 100 * point.mean,
                "Lowest draw (%)": 100 * min(point.accuracies),
                "Highest draw (%)": 100 * max(point.accuracies),
                "Draws": len(point.accuracies),
                "L2 strengths": ", ".join(f"{strength:g}" for strength in point.strengths),
            }
            for name, curve in curves.items()
            for point in curve.points
        ]
    )


def _add_dots(figure: go.Figure, dots: pd.DataFrame) -> None:
    """Runs in the colours of their backbones' families."""
    few, people = len(dots) <= MOST_NAMES, [label(name) for name in dots["who"]]
    titles = [label(title) for title in dots["title"]]
    figure.add_scatter(
        x=dots["shots"],
        y=100 * dots["accuracy"],
        error_y=error_bars(dots) if few else None,
        name="Runs",
        mode="markers+text",
        text=people if few else None,
        textposition="middle right",
        marker={
            "size": 13,
            "color": [backbone_colour(name) for name in dots["backbone"]],
            "line": {"width": 1.5, "color": "white"},
        },
        customdata=[
            [f"{who}: {title}" if who else title, images]
            for who, title, images in zip(people, titles, dots["images"], strict=True)
        ],
        hovertemplate="<b>%{customdata[0]}</b><br>%{x:,.0f} labelled images per class, %{customdata[1]:,} in all, "
        "validation included: %{y:.1f} %<extra></extra>",
    )


def _shots(number: float) -> str:
    return f"{formats.count(number, 'labelled image')} per class"


def _range(point: Point) -> str:
    draws = len(point.accuracies)
    return f"{draws} draws: {formats.interval(min(point.accuracies), max(point.accuracies))}" if draws > 1 else "all"
