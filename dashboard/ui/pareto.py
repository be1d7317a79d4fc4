"""What a chart of gain against cost shares with others: its Pareto front, the labels on it, its logarithmic axis."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import ArrayLike

from dashboard.ui import colours


def front(cost: ArrayLike, gain: ArrayLike) -> np.ndarray:
    """Which points no other beats, (n,) bool: every point of the same or lower cost gains less."""
    costs, gains = np.asarray(cost, float), np.asarray(gain, float)
    front, best = np.zeros(len(costs), bool), -np.inf
    for index in np.lexsort((-gains, costs)):
        if gains[index] > best:
            front[index], best = True, gains[index]
    return front


def line(front: pd.DataFrame, x: str, y: str) -> go.Scatter:
    """The front as a dotted line."""
    front = front.sort_values(x, kind="stable")
    return go.Scatter(
        x=front[x],
        y=front[y],
        mode="lines",
        name="Pareto front",
        line={"color": colours.QUIET, "width": 2, "dash": "dot"},
        hoverinfo="skip",
    )


def apart(front: pd.DataFrame, frame: pd.DataFrame, x: str, y: str) -> np.ndarray:
    """Which points of a front can carry a label without overlap, (n,) bool; the highest take precedence."""
    across, up = np.log10(front[x].to_numpy(float)), front[y].to_numpy(float)
    width = 0.3 * np.ptp(np.log10(frame[x])) if len(frame) else 0  # of a label, about
    height = 0.06 * np.ptp(frame[y]) if len(frame) else 0
    kept = np.zeros(len(front), bool)
    for index in np.argsort(-up, kind="stable"):
        kept[index] = not ((abs(across[kept] - across[index]) < width) & (abs(up[kept] - up[index]) < height)).any()
    return kept


def add_points(figure: go.Figure, name: str, x: pd.Series, y: pd.Series, **options) -> None:
    """Points that share a colour, some of them labelled."""
    figure.add_scatter(x=x, y=y, mode="markers+text", name=name, textfont_size=12, cliponaxis=False, **options)


def logarithmic(values: pd.Series, *, tickformat: str) -> dict:
    """An axis with ticks at 1, 2, 5, 10 and so on, and margins for the labels of the outermost points."""
    exponents = np.log10(values.to_numpy(float))
    least, most = (exponents.min(), exponents.max()) if len(exponents) else (0.0, 1.0)
    room = max(0.2 * (most - least), 0.4)
    ticks = [digit * 10.0**power for power in range(int(least) - 2, int(most) + 2) for digit in (1, 2, 5)]
    return {"type": "log", "range": [least - room, most + room], "tickvals": ticks, "tickformat": tickformat}
