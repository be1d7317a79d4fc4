"""The common style of all charts, each a table in and a Plotly figure out.

Streamlit's theme gives a figure its fonts, paper and ink, light and dark; what is set here wins over it. Points carry
the id of what they stand for as `customdata`, so that a click is understood whatever is shown and however it is sorted.
Accuracies come as fractions, 0 to 1, and are drawn in percent.
"""

import html
from collections.abc import Iterable
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from dashboard.ui import colours, formats

STYLE = {  # of all charts
    "font": {"size": 14},
    "paper_bgcolor": "rgba(0, 0, 0, 0)",
    "plot_bgcolor": "rgba(0, 0, 0, 0)",
    "margin": {"t": 24, "r": 16, "b": 8, "l": 8},
    "hovermode": "closest",
    "dragmode": False,
    "autotypenumbers": "strict",
    "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "font": {"size": 13}},
}
ENLARGED = 1.4  # times the normal size, on a projector
HEIGHT = 440  # pixels
TINT = 0.6  # opacity of bars, so that intervals show on them
MANY_CLASSES = 25  # from here on, counts in cells and names on axes would overlap


def canvas(*traces, **layout) -> go.Figure:
    """A figure in the common style of all charts. Axes with names are never guessed to have numbers."""
    # All in one go: each `update_xaxes` or `update_layout` costs as much as the figure itself.
    style: dict[str, Any] = {"height": HEIGHT, "bargap": 0.4, **STYLE}
    for name in ("x", "y"):
        style[f"{name}axis"] = {
            "tickfont": {"size": 13},
            "title": {"font": {"size": 14}},
            "automargin": True,
            "zeroline": False,
        }
        if any(_has_names(trace[name]) for trace in traces):  # Plotly would guess: 001 a number, 2024-05 a date
            style[f"{name}axis"]["type"] = "category"
    return go.Figure(list(traces), style | layout)


def error_bars(frame: pd.DataFrame) -> dict:
    """Error bars in percent points, from the columns `accuracy`, `accuracy_low`, `accuracy_high`."""
    return {
        "type": "data",
        "symmetric": False,
        "array": 100 * (frame["accuracy_high"] - frame["accuracy"]),
        "arrayminus": 100 * (frame["accuracy"] - frame["accuracy_low"]),
        "color": colours.QUIET,
        "thickness": 2,
        "width": 5,
    }


def class_axis(names: Iterable[object]) -> dict[str, Any]:
    """An axis at the `label`s of classes, whose long names would take the chart's room: `%{x}` is then shortened."""
    names = [str(name) for name in names]
    axis: dict[str, Any] = {"type": "category", "showticklabels": len(names) <= MANY_CLASSES}
    if any(formats.short(name) != name for name in names):
        axis["tickvals"] = [label(name) for name in names]
        axis["ticktext"] = [label(formats.short(name)) for name in names]
    return axis


def label(name: object) -> str:
    """A name from outside, for any text of a chart: Plotly reads tags and entities in all of them."""
    return html.escape(str(name), quote=False)


def enlarge(figure: go.Figure) -> go.Figure:
    """The same chart with larger type, strokes and points, for a projector."""
    spec = figure.to_plotly_json()
    _scale(spec["data"])
    _scale({key: value for key, value in spec["layout"].items() if key not in ("template", "width")})
    larger = go.Figure(spec)
    height = spec["layout"].get("height")
    return larger.update_layout(height=round(1.15 * height)) if height else larger


def _scale(part) -> None:
    """Enlarge every size, width and thickness of a spec, in place."""
    if isinstance(part, list | tuple):
        for item in part:
            _scale(item)
    elif isinstance(part, dict):
        for key, value in part.items():
            if key in ("size", "width", "thickness") and isinstance(value, int | float):
                part[key] = ENLARGED * value
            elif isinstance(value, dict | list | tuple):
                _scale(value)


def _has_names(values: Any) -> bool:
    return values is not None and len(values) > 0 and all(isinstance(value, str) for value in values)
