"""The charts of the idea demos: numbers in, a Plotly figure out, as in `charts`."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from core.curriculum.vanishing_gradients import KINDS, GradientNorms
from dashboard.ui.charts import canvas
from dashboard.ui.colours import ACCENT, QUIET

PARTS = ("#3f90da", "#ffa90e", "#94a4a2")  # of a bar, in the order they are computed
AS_COMPUTED, AS_BUILT = "#94a4a2", ACCENT
_KIND_COLOURS = {"plain": "#e76300", "residual": ACCENT}


def bars(rows: Mapping[str, Sequence[tuple[str, float]]], *, unit: str = "Parameters") -> go.Figure:
    """The cost of alternatives: one stacked bar each, the first on top.

    Args:
        rows: Name of a bar -> (name of a part, its size) ... ; parts of the same name have the same colour.
    """
    names = list(dict.fromkeys(part for parts in rows.values() for part, _ in parts))
    figure = canvas(height=130 + 62 * len(rows), barmode="stack")
    for index, name in enumerate(names):
        sizes = {title: dict(parts).get(name) for title, parts in rows.items()}
        shown = {title: size for title, size in sizes.items() if size is not None}
        figure.add_bar(
            y=list(shown),
            x=list(shown.values()),
            name=name,
            orientation="h",
            width=0.62,
            marker_color=PARTS[index % len(PARTS)] if len(names) > 1 else ACCENT,
            hovertemplate=f"%{{y}}, {name}: %{{x:,}}<extra></extra>",
            showlegend=len(names) > 1,
        )
    most = max(sum(size for _, size in parts) for parts in rows.values())
    for title, parts in rows.items():
        total = sum(size for _, size in parts)
        figure.add_annotation(
            x=total, y=title, text=f"<b>{total:,}</b>", showarrow=False, xanchor="left", xshift=6, font_size=14
        )
    figure.update_yaxes(autorange="reversed", type="category", title_text="")
    return figure.update_xaxes(title_text=unit, range=[0, 1.35 * most], tickformat="~s")


def widths(channels: Sequence[int]) -> go.Figure:
    """Channels after each layer of a dense block."""
    figure = canvas(height=260)
    figure.add_bar(
        x=list(range(len(channels))),
        y=list(channels),
        marker_color=[QUIET, *[ACCENT] * (len(channels) - 1)],
        hovertemplate="After layer %{x}: %{y:,} channels<extra></extra>",
    )
    figure.update_xaxes(title_text="Layer of the block (0: its input)", dtick=1 if len(channels) <= 13 else 4)
    return figure.update_yaxes(title_text="Channels")


def gradients(measured: GradientNorms) -> go.Figure:
    """The gradient's norm at each block, one line with and one without shortcuts."""
    figure = canvas(height=400)
    for kind, norms in measured.gradients.items():
        figure.add_scatter(
            x=list(range(1, len(norms) + 1)),
            y=list(norms),
            mode="lines+markers",
            name=KINDS[kind],
            line={"color": _KIND_COLOURS[kind], "width": 3},
            marker_size=7,
            hovertemplate=f"{KINDS[kind]}, block %{{x}}: %{{y:.2e}}<extra></extra>",
        )
    figure.update_xaxes(title_text="Block (1: the first, farthest from the loss)")
    return figure.update_yaxes(title_text="Norm of the gradient", type="log", exponentformat="power", dtick=2)


def scaling(frame: pd.DataFrame, phi: float) -> go.Figure:
    """The scaling rule compared with the released networks.

    Args:
        frame: `name`, `phi`, `computed_size`, `size`, `computed_params`, `params`.
    """
    figure = make_subplots(cols=2, horizontal_spacing=0.14, figure=canvas(height=380))
    panels = (("computed_size", "size", "Input (px)", ",.0f"), ("computed_params", "params", "Parameters", ".3s"))
    for column, (computed, built, title, form) in enumerate(panels, start=1):
        figure.add_scatter(
            x=frame["phi"],
            y=frame[computed],
            mode="lines",
            name="By the rule, from B0",
            line={"color": AS_COMPUTED, "width": 2, "dash": "dot"},
            showlegend=column == 1,
            hovertemplate=f"φ = %{{x}}: %{{y:{form}}}<extra>by the rule</extra>",
            row=1,
            col=column,
        )
        figure.add_scatter(
            x=frame["phi"],
            y=frame[built],
            mode="markers+text",
            text=frame["name"].str[-2:],
            name="As released",
            textposition="top left",
            cliponaxis=False,
            marker={"color": AS_BUILT, "size": 11},
            showlegend=column == 1,
            hovertemplate=f"%{{text}}: %{{y:{form}}}<extra>as released</extra>",
            row=1,
            col=column,
        )
        cell: dict[str, Any] = {"row": 1, "col": column}  # Plotly declares both as strings
        figure.add_vline(x=phi, line={"color": QUIET, "width": 2}, **cell)
        figure.update_yaxes(title_text=title, rangemode="tozero", col=column)
    figure.update_yaxes(tickformat="~s", col=2)
    return figure.update_xaxes(title_text="φ", dtick=1, range=[-0.6, 7.6])


def cells(sizes: Mapping[int, int], chosen: int) -> go.Figure:
    """The size of the search space by the number of blocks in a cell."""
    figure = canvas(height=320)
    blocks = list(sizes)
    figure.add_bar(
        x=blocks,
        y=[float(size) for size in sizes.values()],
        marker_color=np.where(np.array(blocks) == chosen, ACCENT, QUIET),
        hovertemplate="%{x} blocks: %{y:.3g} cells<extra></extra>",
    )
    figure.update_xaxes(title_text="Blocks in a cell", dtick=1)
    return figure.update_yaxes(title_text="Cells to choose from", type="log", exponentformat="power", dtick=4)
