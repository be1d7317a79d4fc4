"""Runs on shifted images: a heat map, curves against severity, a preview, and the mean drop in a sentence."""

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


def sentence(title: str, found: Robustness) -> str:
    """How much a run loses, over all shifts, and to which it loses most; Markdown."""
    means = {shift: float(np.mean(accuracies)) for shift, accuracies in found.accuracies.items()}
    worst = min(means, key=means.__getitem__)
    drop = (
        f"**{100 * found.drop.value:.1f} points** (95 % interval {100 * found.drop.low:.1f} to "
        f"{100 * found.drop.high:.1f})"
    )
    return (
        f"**{title}**: {formats.percent(found.clean)} on the images as they are; shifts cost {drop} on average, "
        f"{CORRUPTIONS[worst].title.lower()} most: {100 * (found.clean - means[worst]):.1f}."
    )


def heat_map(found: Mapping[str, Robustness]) -> go.Figure:
    """Mean accuracy over the severities, in percent: a row for each run, a column for each shift."""
    names = list(found)[::-1]
    columns = ["As they are", *(shift.title for shift in CORRUPTIONS.values())]
    values = [
        [100 * found[name].clean, *(100 * np.mean(found[name].accuracies[shift]) for shift in CORRUPTIONS)]
        for name in names
    ]
    cells = go.Heatmap(
        x=columns, y=names, z=values, colorscale="Blues", zmin=0, zmax=100, texttemplate="%{z:.1f}", showscale=False,
        hovertemplate="<b>%{y}</b><br>%{x}: %{z:.1f} %<extra></extra>", xgap=2, ygap=2,
    )  # fmt: skip
    figure = canvas(cells, height=110 + 48 * len(names))
    return figure.update_xaxes(side="top", type="category").update_yaxes(type="category")


def curves(found: Mapping[str, Robustness]) -> go.Figure:
    """Accuracy against severity, a small chart for each shift, 0 being the images as they are; bars are intervals."""
    shared: dict[str, Any] = {"shared_xaxes": True, "shared_yaxes": "all"}  # which Plotly declares as bool
    figure = make_subplots(
        rows=2,
        cols=3,
        vertical_spacing=0.12,
        horizontal_spacing=0.03,
        subplot_titles=[shift.title for shift in CORRUPTIONS.values()],
        **shared,
    )
    for place, (name, each) in enumerate(found.items()):
        colour = RUN_COLOURS[place % len(RUN_COLOURS)]
        for cell, shift in enumerate(CORRUPTIONS):
            shares = [each.interval(shift, severity) for severity in SEVERITIES]
            error = {
                "type": "data", "symmetric": False, "thickness": 1,
                "array": [0, *(100 * (share.high - share.value) for share in shares)],
                "arrayminus": [0, *(100 * (share.value - share.low) for share in shares)],
            }  # fmt: skip
            figure.add_scatter(
                x=[0, *SEVERITIES], y=[100 * each.clean, *(100 * share.value for share in shares)], name=name,
                legendgroup=name, showlegend=cell == 0, mode="lines+markers", line={"color": colour, "width": 2.5},
                error_y=error, row=cell // 3 + 1, col=cell % 3 + 1,
                hovertemplate=f"<b>{name}</b><br>severity %{{x}}: %{{y:.1f}} %<extra></extra>",
            )  # fmt: skip
    look = canvas(height=560).layout
    figure.update_layout(
        {name: look[name] for name in ("height", "font_size", "paper_bgcolor", "plot_bgcolor", "hovermode", "dragmode")
         if look[name] is not None}
        | {"margin": {"t": 70, "r": 16, "b": 8, "l": 8}, "legend": {"orientation": "h", "y": 1.1, "yanchor": "bottom"}}
    )  # fmt: skip
    figure.update_xaxes(dtick=1)
    figure.update_xaxes(title_text="Severity", row=2)
    return figure.update_yaxes(title_text="Accuracy (%)", col=1)


def preview(image: np.ndarray) -> dict[str, list[np.ndarray]]:
    """An image (s, s, 3) uint8 as each shift makes it, from severity 1 to 5, under the shift's title."""
    return {
        shift.title: [corruptions.apply(image[None], name, severity)[0] for severity in SEVERITIES]
        for name, shift in CORRUPTIONS.items()
    }
