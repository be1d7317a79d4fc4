"""Predictions for a photo as bars, aligned across models."""

from collections.abc import Sequence

import plotly.graph_objects as go

from core.explain.predict import Answer
from dashboard.ui import charts


def bars(answer: Answer, *, classes: Sequence[str] = ()) -> go.Figure:
    """The likeliest classes, the first on top; a dataset's classes have their colours.

    Args:
        classes: Names of the dataset's classes in their order; empty for ImageNet, which has too many for colours.
    """
    names, percents = answer.class_names, [100 * share for share in answer.probabilities]
    colours = [charts.class_colour(classes.index(name)) if name in classes else charts.ACCENT for name in names]
    figure = charts.canvas(
        go.Bar(
            x=percents,
            y=names,
            orientation="h",
            marker={"color": colours, "opacity": charts.TINT},
            text=[f"{name}  <b>{percent:.0f} %</b>" for name, percent in zip(names, percents, strict=True)],
            textposition=["inside" if percent > 60 else "outside" for percent in percents],
            insidetextanchor="start",
            hovertemplate="%{y}: %{x:.1f} %<extra></extra>",
        ),
        height=34 * len(names) + 16,
        margin={"l": 0, "r": 0, "t": 4, "b": 4},
    )
    figure.update_xaxes(visible=False, range=[0, 100])
    return figure.update_yaxes(visible=False, autorange="reversed", type="category")
