"""Runs on corrupted images: a heat map, curves against severity, a preview, and the mean drop in a sentence."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from core.data import corruptions
from core.data.corruptions import CORRUPTIONS, SEVERITIES
from core.evaluation.robustness import Robustness
from dashboard.ui import formats
from dashboard.ui.charts import canvas
from dashboard.ui.training_charts import RUN_COLOURS


def sentence(title: str, result: Robustness) -> str:
    """How much accuracy a run loses over all corruptions, and to which it loses most; Markdown."""
    means = {corruption: float(np.mean(accuracies)) for corruption, accuracies in result.accuracies.items()}
    worst = min(means, key=means.__getitem__)
    drop = (
        f"**{100 * result.drop.value:.1f} points** (95 % interval {100 * result.drop.low:.1f} to "
        f"{100 * result.drop.high:.1f})"
    )
    return (
        f"**{title}**: {formats.percent(result.clean)} on the original images; corruptions cost {drop} on average, "
        f"{CORRUPTIONS[worst].title.lower()} most: {100 * (result.clean - means[worst]):.1f}."
    )


def heat_map(results: Mapping[str, Robustness]) -> go.Figure:
    """Mean accuracy over the severities, in percent: a row for each run, a column for each corruption."""
    names = list(results)[::-1]
    columns = ["Original", *(corruption.title for corruption in CORRUPTIONS.values())]
    values = [
        [
            100 * results[name].clean,
            *(100 * np.mean(results[name].accuracies[corruption]) for corruption in CORRUPTIONS),
        ]
        for name in names
    ]
    cells = go.Heatmap(
        x=columns,
        y=names,
        z=values,
        colorscale="Blues",
        zmin=0,
        zmax=100,
        texttemplate="%{z:.1f}",
        showscale=False,
        hovertemplate="<b>%{y}</b><br>%{x}: %{z:.1f} %<extra></extra>",
        xgap=2,
        ygap=2,
    )
    figure = canvas(cells, height=110 + 48 * len(names))
    return figure.update_xaxes(side="top", type="category").update_yaxes(type="category")


def curves(results: Mapping[str, Robustness]) -> go.Figure:
    """Accuracy against severity, a chart for each corruption; severity 0 is the original images, bars are intervals."""
    shared: dict[str, Any] = {"shared_xaxes": True, "shared_yaxes": "all"}  # Plotly declares both as bool
    figure = make_subplots(
        rows=2,
        cols=3,
        vertical_spacing=0.12,
        horizontal_spacing=0.03,
        subplot_titles=[corruption.title for corruption in CORRUPTIONS.values()],
        **shared,
    )
    for index, (name, result) in enumerate(results.items()):
        colour = RUN_COLOURS[index % len(RUN_COLOURS)]
        for cell, corruption in enumerate(CORRUPTIONS):
            shares = [result.interval(corruption, severity) for severity in SEVERITIES]
            error = {
                "type": "data",
                "symmetric": False,
                "thickness": 1,
                "array": [0, *(100 * (share.high - share.value) for share in shares)],
                "arrayminus": [0, *(100 * (share.value - share.low) for share in shares)],
            }
            figure.add_scatter(
                x=[0, *SEVERITIES],
                y=[100 * result.clean, *(100 * share.value for share in shares)],
                name=name,
                legendgroup=name,
                showlegend=cell == 0,
                mode="lines+markers",
                line={"color": colour, "width": 2.5},
                error_y=error,
                row=cell // 3 + 1,
                col=cell % 3 + 1,
                hovertemplate=f"<b>{name}</b><br>severity %{{x}}: %{{y:.1f}} %<extra></extra>",
            )
    style = canvas(height=560).layout
    figure.update_layout(
        {
            name: style[name]
            for name in ("height", "font_size", "paper_bgcolor", "plot_bgcolor", "hovermode", "dragmode")
            if style[name] is not None
        }
        | {"margin": {"t": 70, "r": 16, "b": 8, "l": 8}, "legend": {"orientation": "h", "y": 1.1, "yanchor": "bottom"}}
    )
    figure.update_xaxes(dtick=1)
    figure.update_xaxes(title_text="Severity", row=2)
    return figure.update_yaxes(title_text="Accuracy (%)", col=1)


def preview(image: np.ndarray) -> dict[str, list[np.ndarray]]:
    """An image (s, s, 3) uint8 after each corruption, from severity 1 to 5, by the title of the corruption."""
    return {
        corruption.title: [corruptions.apply(image[None], name, severity)[0] for severity in SEVERITIES]
        for name, corruption in CORRUPTIONS.items()
    }
