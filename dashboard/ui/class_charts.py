"""Charts of classes: how many images each has, what they are taken for, and how often they are recognised."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core import metrics
from dashboard.ui import charts, colours


def class_balance(frame: pd.DataFrame) -> go.Figure:
    """Images of each class: `class_name`, `images`; classes keep their order and so their colours."""
    bars = go.Bar(
        x=frame["class_name"].map(charts.label),
        y=frame["images"],
        marker_color=[colours.class_colour(index) for index in range(len(frame))],
        hovertext=frame["class_name"].map(charts.label),
        hovertemplate="%{hovertext}: %{y:,} images<extra></extra>",
    )
    figure = charts.canvas(bars, height=300)
    figure.update_xaxes(title_text="Class", **charts.class_axis(frame["class_name"]))
    return figure.update_yaxes(title_text="Images")


def counted(counts: Mapping[str, int], class_names: Sequence[str]) -> go.Figure:
    """Images of each class that occurs, one coloured bar per class, the longest on top."""
    names = list(counts)[::-1]
    bars = go.Bar(
        x=[counts[name] for name in names],
        y=[charts.label(name) for name in names],
        orientation="h",
        text=[f"{counts[name]:,}" for name in names],
        textposition="outside",
        cliponaxis=False,
        marker_color=[colours.class_colour(list(class_names).index(name)) for name in names],
        hovertemplate="%{y}: %{x:,} images<extra></extra>",
    )
    figure = charts.canvas(bars, height=40 + 26 * len(names), margin={"t": 4, "r": 44, "b": 4, "l": 8}, bargap=0.25)
    figure.update_yaxes(type="category", title_text="")
    return figure.update_xaxes(visible=False)


def confusion(counts: pd.DataFrame) -> go.Figure:
    """Counts of predicted classes (columns) for every true class (rows), coloured by their share of the row.

    Cells are clicked: Streamlit reports clicks on markers, not on heat maps, so each cell has an invisible marker with
    `customdata` (true class, predicted class).
    """
    names = [str(name) for name in counts.columns]
    images = counts.to_numpy()
    shares = 100 * images / np.maximum(images.sum(axis=1, keepdims=True), 1)
    axis = {"type": "category", "showticklabels": False}  # on which `%{x}` is whole
    ticks = charts.class_axis(names) if len(names) <= charts.MANY_CLASSES else axis
    height = max(480, min(40 * len(names) + 120, 900))
    traces = _shares(names, images, shares), _targets(names, images, shares)
    figure = charts.canvas(*traces, height=height, hoverdistance=-1)
    figure.update_xaxes(title_text="Predicted class", constrain="domain", showgrid=False, **ticks)
    return figure.update_yaxes(title_text="True class", autorange="reversed", showgrid=False, **ticks)


def _shares(names: Sequence[str], images: np.ndarray, shares: np.ndarray) -> go.Heatmap:
    """The cells, coloured by their share of the true class in percent, with their counts where there is room."""
    few = len(names) <= charts.MANY_CLASSES
    labels = [charts.label(name) for name in names]
    return go.Heatmap(
        z=shares,
        x=labels,
        y=labels,
        text=np.where(images > 0, images.astype(str), ""),
        texttemplate="%{text}" if few else None,
        xgap=1 if few else 0,
        ygap=1 if few else 0,
        zmin=0,
        zmax=100,
        colorbar={
            "title": {"text": "% of the true class", "side": "right", "font_size": 13},
            "tickfont_size": 12,
            "thickness": 12,
            "outlinewidth": 0,
        },
        hoverinfo="skip",
    )


def _targets(names: Sequence[str], images: np.ndarray, shares: np.ndarray) -> go.Scatter:
    """An invisible marker on each cell, to click and to point at."""
    few = len(names) <= charts.MANY_CLASSES
    labels = [charts.label(name) for name in names]
    true, predicted = (grid.ravel() for grid in np.meshgrid(names, names, indexing="ij"))
    return go.Scatter(
        x=np.tile(labels, len(labels)),
        y=np.repeat(labels, len(labels)),
        mode="markers",
        marker={"size": 26 if few else 6, "symbol": "square", "opacity": 0},
        selected_marker={"opacity": 0.35, "color": colours.ACCENT},
        unselected_marker_opacity=0,
        customdata=np.stack([true, predicted, images.ravel(), shares.ravel().round(1)], axis=1),
        hovertext=[f"<b>{one}</b> predicted as <b>{other}</b>" for one in labels for other in labels] if few else None,
        hovertemplate=("%{hovertext}" if few else "<b>%{y}</b> predicted as <b>%{x}</b>")
        + "<br>%{customdata[2]} images, %{customdata[3]} %<extra></extra>",
        showlegend=False,
    )


def per_class(counts: pd.DataFrame) -> go.Figure:
    """Accuracy of each class with its 95 % interval, from the counts of `confusion`."""
    images = counts.to_numpy()
    intervals = [metrics.wilson(int(images[i, i]), int(images[i].sum())) for i in range(len(images))]
    frame = pd.DataFrame(
        {
            "class_name": [str(name) for name in counts.columns],
            "accuracy": [interval.value for interval in intervals],
            "accuracy_low": [interval.low for interval in intervals],
            "accuracy_high": [interval.high for interval in intervals],
            "images": images.sum(axis=1),
        }
    )
    bars = go.Bar(
        x=frame["class_name"].map(charts.label),
        y=100 * frame["accuracy"],
        marker={"color": [colours.class_colour(index) for index in range(len(frame))], "opacity": charts.TINT},
        error_y=charts.error_bars(frame),
        customdata=frame[["class_name", "images"]],
        hovertext=frame["class_name"].map(charts.label),
        hovertemplate="%{hovertext}: %{y:.1f} % of %{customdata[1]} test images<extra></extra>",
    )
    figure = charts.canvas(bars, height=340)
    figure.update_xaxes(title_text="True class", **charts.class_axis(frame["class_name"]))
    return figure.update_yaxes(title_text="Accuracy (%)", range=[0, 104])
