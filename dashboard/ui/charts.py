"""Every chart of the dashboard: a table in, a Plotly figure out.

Streamlit's theme gives a figure its fonts, paper and ink, light and dark; what is set here wins over it. Points carry
the id of what they stand for as `customdata`, so that a click is understood whatever is shown and however it is sorted.
Accuracies come as fractions, 0 to 1, and are drawn in percent.
"""

import html
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from math import isnan
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import ArrayLike

from core import metrics, options
from core.backbones import BACKBONES
from core.config import RunConfig
from dashboard.ui import formats, run_labels

# Petroff (2021), Accessible color sequences for data visualization, arXiv:2107.02270: safe for colour blindness.
CLASS_COLOURS = (
    "#3f90da",
    "#ffa90e",
    "#bd1f01",
    "#94a4a2",
    "#832db6",
    "#a96b59",
    "#e76300",
    "#b9ac70",
    "#717581",
    "#92dadd",
)

# Related families share a hue, and every family has a symbol too: twelve colours are too many to tell apart.
FAMILY_COLOURS = {
    "CLIP": "#0f8b8d",
    "ConvNeXt": "#00936a",
    "DINOv2": "#2f5d62",
    "DeiT": "#5ba4a4",
    "DenseNet": "#b9ac70",
    "EfficientNet": "#ffa90e",
    "EfficientNetV2": "#e76300",
    "From scratch": "#e0559a",
    "HGNetV2": "#6f8f2f",
    "Inception": "#9a5fd0",
    "MobileNet": "#d0321a",
    "NASNet": "#a96b59",
    "ResNet": "#3f90da",
    "ResNetV2": "#7cc3e8",
    "SigLIP2": "#6fb7b9",
    "Swin": "#3b7d4f",
    "Tiny": "#94a4a2",
    "VGG": "#7b8090",
    "ViT": "#14505c",
    "Xception": "#c993e0",
}
FAMILY_SYMBOLS = {
    "CLIP": "hexagon",
    "ConvNeXt": "triangle-up",
    "DINOv2": "star",
    "DeiT": "hexagon",
    "DenseNet": "square",
    "EfficientNet": "circle",
    "EfficientNetV2": "diamond",
    "From scratch": "star",
    "HGNetV2": "triangle-down",
    "Inception": "circle",
    "MobileNet": "circle",
    "NASNet": "cross",
    "ResNet": "circle",
    "ResNetV2": "diamond",
    "SigLIP2": "hexagon2",
    "Swin": "square",
    "Tiny": "x",
    "VGG": "square",
    "ViT": "diamond",
    "Xception": "diamond",
}

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
ACCENT = "#4a6fe3"
RIGHT, WRONG = "#3f90da", "#e76300"  # predictions: distinguishable for colour-blind readers
QUIET = "#7b8192"  # lines and intervals, visible on white, on black and on tinted bars
TINT = 0.6  # opacity of bars, so that intervals show on them
NOT_SAID = {"group": "No group", "tags": "No tags"}  # of runs that nobody gave one
_DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
MANY_CLASSES = 25  # from here on, counts in cells and names on axes would overlap


def class_colour(index: int) -> str:
    """The colour of a class, by its index: the ten, then the same ten lighter and darker in turn."""
    rounds, colour = divmod(index, len(CLASS_COLOURS))
    towards = 255 if rounds % 2 else 0
    share = min(0.2 * ((rounds + 1) // 2), 0.8)
    red, green, blue = (int(CLASS_COLOURS[colour][i : i + 2], 16) for i in (1, 3, 5))
    mixed = (round(part + share * (towards - part)) for part in (red, green, blue))
    return "#" + "".join(f"{part:02x}" for part in mixed)


def strokes(backbones: Sequence[str]) -> list[dict[str, str]]:
    """The colour of each backbone's family, and dashes that tell lines of one family apart."""
    families = [_family(backbone) for backbone in backbones]
    return [
        {"color": backbone_colour(backbone), "dash": _DASHES[families[:index].count(families[index]) % len(_DASHES)]}
        for index, backbone in enumerate(backbones)
    ]


def enlarge(figure: go.Figure) -> go.Figure:
    """The same chart with larger type, strokes and points, for a projector."""
    spec = figure.to_plotly_json()
    _scale(spec["data"])
    _scale({key: value for key, value in spec["layout"].items() if key not in ("template", "width")})
    larger = go.Figure(spec)
    height = spec["layout"].get("height")
    return larger.update_layout(height=round(1.15 * height)) if height else larger


def pareto_front(cost: ArrayLike, gain: ArrayLike) -> np.ndarray:
    """Which points no other beats, (n,) bool: every point of the same or lower cost gains less."""
    costs, gains = np.asarray(cost, float), np.asarray(gain, float)
    front, best = np.zeros(len(costs), bool), -np.inf
    for index in np.lexsort((-gains, costs)):
        if gains[index] > best:
            front[index], best = True, gains[index]
    return front


def class_balance(frame: pd.DataFrame) -> go.Figure:
    """Images of each class: `class_name`, `images`; classes keep their order and so their colours."""
    bars = go.Bar(
        x=frame["class_name"].map(label),
        y=frame["images"],
        marker_color=[class_colour(index) for index in range(len(frame))],
        hovertext=frame["class_name"].map(label),
        hovertemplate="%{hovertext}: %{y:,} images<extra></extra>",
    )
    figure = canvas(bars, height=300)
    figure.update_xaxes(title_text="Class", **class_axis(frame["class_name"]))
    return figure.update_yaxes(title_text="Images")


def counted(counts: Mapping[str, int], class_names: Sequence[str]) -> go.Figure:
    """Images of each class that occurs, one coloured bar per class, the longest on top."""
    names = list(counts)[::-1]
    bars = go.Bar(
        x=[counts[name] for name in names],
        y=[label(name) for name in names],
        orientation="h",
        text=[f"{counts[name]:,}" for name in names],
        textposition="outside",
        cliponaxis=False,
        marker_color=[class_colour(list(class_names).index(name)) for name in names],
        hovertemplate="%{y}: %{x:,} images<extra></extra>",
    )
    figure = canvas(bars, height=40 + 26 * len(names), margin={"t": 4, "r": 44, "b": 4, "l": 8}, bargap=0.25)
    figure.update_yaxes(type="category", title_text="")
    return figure.update_xaxes(visible=False)


def published(frame: pd.DataFrame, *, against: str = "params", chosen: str = "") -> go.Figure:
    """Published ImageNet accuracy against what it costs: `name`, `family`, `top1` (percent) and the column `against`.

    Args:
        against: `params` (fewer is better), or `images_per_second` (more is better).
        chosen: The backbone that gets a ring.
    """
    titles = {"params": "Parameters (without the classifier)", "images_per_second": "Measured speed (images/s)"}
    frame = frame.dropna(subset=["top1", against])
    cost = -frame[against] if against == "images_per_second" else frame[against]
    front = frame[pareto_front(cost, frame["top1"])]
    labelled = set(front["name"][_apart(front, frame, against, "top1")]) - {chosen}
    figure = canvas(_front_line(front, against, "top1"), height=560, legend=_LEGEND_BELOW)
    ring = frame[frame["name"] == chosen]
    figure.add_scatter(
        x=ring[against],
        y=ring["top1"],
        mode="markers+text",
        text=ring["name"],
        textposition="bottom right",
        textfont={"size": 13, "color": ACCENT, "weight": 600},
        marker={"symbol": "circle-open", "size": 24, "color": ACCENT, "line_width": 3},
        hoverinfo="skip",
        showlegend=False,
    )
    for family, members in frame.groupby("family"):
        _add_points(
            figure,
            str(family),
            members[against],
            members["top1"],
            text=members["name"].where(members["name"].isin(labelled), ""),
            textposition="top left" if against == "params" else "top right",
            customdata=members[["name"]],
            marker=_look(str(family)) | {"size": 12},
            hovertemplate="<b>%{customdata[0]}</b><br>%{y:.1f} % top-1, published<br>%{x:,.3s}<extra></extra>",
        )
    figure.update_xaxes(title_text=titles[against], **_logarithmic(frame[against], tickformat="~s"))
    return figure.update_yaxes(title_text="ImageNet top-1, published (%)")


def accuracy_bars(frame: pd.DataFrame, *, by: str = "family", words: Sequence[str] = ()) -> go.Figure:
    """Accuracy with its 95 % interval, one bar per run, best on top; columns of `runs.table`.

    Args:
        by: What a colour stands for: "family" of the backbone, or people's own words, "group" or "tags".
        words: All of these words, in the order of the colours.
    """
    frame = frame.dropna(subset=["accuracy"]).sort_values("accuracy", kind="stable")
    figure = _bars(frame, 100 * frame["accuracy"], "%.1f %%", by, words)
    figure.update_traces(error_x=error_bars(frame))
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


def _bars(frame: pd.DataFrame, values: pd.Series, form: str, by: str, words: Sequence[str]) -> go.Figure:
    """A bar for each row, with its run's name and its value; the last row is on top."""
    hover = _run_hover(frame)
    bars = go.Bar(
        x=values,
        y=frame["run_id"],
        orientation="h",
        marker={
            "color": [_look(name, words)["color"] for name in _kinds(frame, by)],
            "opacity": TINT,
            "pattern_shape": np.where(_untrained(frame), "/", ""),
        },
        customdata=hover,
        hovertemplate=_RUN_HOVER,
    )
    figure = canvas(bars, height=110 + 44 * len(frame))
    labels = []
    for name, value in zip(hover[:, 1], values, strict=True):  # in two lines, which leave room for the bars
        title, _, details = name.partition(", ")
        labels.append(f"{title}<br>{details and f'{details}  '}<b>{form % value}</b>")
    return figure.update_yaxes(tickvals=frame["run_id"], ticktext=labels, type="category", title_text="")


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
    front = cold[pareto_front(cold[seconds], cold["percent"])]
    labelled = set(front["run_id"][_apart(front, frame, seconds, "percent")])
    figure = canvas(_front_line(front, seconds, "percent"), height=480)
    plainest_first = frame.sort_values(["cached", "weights_origin"], kind="stable")  # whose symbol the legend shows
    own_words_last = sorted(plainest_first.groupby(_kinds(plainest_first, by)), key=lambda kind: kind[0] in words)
    for name, members in own_words_last:
        look = _look(str(name), words)
        _add_points(
            figure,
            label(name),
            members[seconds],
            members["percent"],
            text=members["backbone"].where(members["run_id"].isin(labelled), ""),
            textposition="top left",
            error_y=error_bars(members),
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
    figure.update_xaxes(title_text=title, **_logarithmic(frame[seconds], tickformat="~g"))
    return figure.update_yaxes(title_text="Accuracy on test images (%)")


def confusion(counts: pd.DataFrame) -> go.Figure:
    """Counts of predicted classes (columns) for every true class (rows), coloured by their share of the row.

    Cells are clicked: Streamlit reports clicks on markers, not on heat maps, so each cell has an invisible marker with
    `customdata` (true class, predicted class).
    """
    names = [str(name) for name in counts.columns]
    images = counts.to_numpy()
    shares = 100 * images / np.maximum(images.sum(axis=1, keepdims=True), 1)
    few = len(names) <= MANY_CLASSES
    labels = [label(name) for name in names]
    cells = go.Heatmap(
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
    true, predicted = (grid.ravel() for grid in np.meshgrid(names, names, indexing="ij"))
    targets = go.Scatter(
        x=np.tile(labels, len(labels)),
        y=np.repeat(labels, len(labels)),
        mode="markers",
        marker={"size": 26 if few else 6, "symbol": "square", "opacity": 0},
        selected_marker={"opacity": 0.35, "color": ACCENT},
        unselected_marker_opacity=0,
        customdata=np.stack([true, predicted, images.ravel(), shares.ravel().round(1)], axis=1),
        hovertext=[f"<b>{one}</b> predicted as <b>{other}</b>" for one in labels for other in labels] if few else None,
        hovertemplate=("%{hovertext}" if few else "<b>%{y}</b> predicted as <b>%{x}</b>")
        + "<br>%{customdata[2]} images, %{customdata[3]} %<extra></extra>",
        showlegend=False,
    )
    ticks = class_axis(names) if few else {"type": "category", "showticklabels": False}  # without, `%{x}` is whole
    figure = canvas(cells, targets, height=max(480, min(40 * len(names) + 120, 900)), hoverdistance=-1)
    figure.update_xaxes(title_text="Predicted class", constrain="domain", showgrid=False, **ticks)
    return figure.update_yaxes(title_text="True class", autorange="reversed", showgrid=False, **ticks)


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
        x=frame["class_name"].map(label),
        y=100 * frame["accuracy"],
        marker={"color": [class_colour(index) for index in range(len(frame))], "opacity": TINT},
        error_y=error_bars(frame),
        customdata=frame[["class_name", "images"]],
        hovertext=frame["class_name"].map(label),
        hovertemplate="%{hovertext}: %{y:.1f} % of %{customdata[1]} test images<extra></extra>",
    )
    figure = canvas(bars, height=340)
    figure.update_xaxes(title_text="True class", **class_axis(frame["class_name"]))
    return figure.update_yaxes(title_text="Accuracy (%)", range=[0, 104])


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
        "color": QUIET,
        "thickness": 2,
        "width": 5,
    }


_LEGEND_BELOW = {"orientation": "h", "y": -0.16, "yanchor": "top", "x": 0, "font_size": 13}
_RUN_HOVER = "<b>%{customdata[1]}</b><br>%{customdata[2]}<extra></extra>"


def _has_names(values: Any) -> bool:
    return values is not None and len(values) > 0 and all(isinstance(value, str) for value in values)


def _front_line(front: pd.DataFrame, x: str, y: str) -> go.Scatter:
    front = front.sort_values(x, kind="stable")
    return go.Scatter(
        x=front[x],
        y=front[y],
        mode="lines",
        name="Pareto front",
        line={"color": QUIET, "width": 2, "dash": "dot"},
        hoverinfo="skip",
    )


def _logarithmic(values: pd.Series, *, tickformat: str) -> dict:
    """An axis with ticks at 1, 2, 5, 10 and so on, and margins for the labels of the outermost points."""
    exponents = np.log10(values.to_numpy(float))
    least, most = (exponents.min(), exponents.max()) if len(exponents) else (0.0, 1.0)
    room = max(0.2 * (most - least), 0.4)
    ticks = [digit * 10.0**power for power in range(int(least) - 2, int(most) + 2) for digit in (1, 2, 5)]
    return {"type": "log", "range": [least - room, most + room], "tickvals": ticks, "tickformat": tickformat}


def _apart(front: pd.DataFrame, frame: pd.DataFrame, x: str, y: str) -> np.ndarray:
    """Which points of a front can carry a label without overlap, (n,) bool; the highest take precedence."""
    across, up = np.log10(front[x].to_numpy(float)), front[y].to_numpy(float)
    width = 0.3 * np.ptp(np.log10(frame[x])) if len(frame) else 0  # of a label, about
    height = 0.06 * np.ptp(frame[y]) if len(frame) else 0
    kept = np.zeros(len(front), bool)
    for index in np.argsort(-up, kind="stable"):
        kept[index] = not ((abs(across[kept] - across[index]) < width) & (abs(up[kept] - up[index]) < height)).any()
    return kept


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
        title = label(run["name"])
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


def _add_points(figure: go.Figure, name: str, x: pd.Series, y: pd.Series, **options) -> None:
    """Points that share a colour, some of them labelled."""
    figure.add_scatter(x=x, y=y, mode="markers+text", name=name, textfont_size=12, cliponaxis=False, **options)


def _kinds(frame: pd.DataFrame, by: str) -> pd.Series:
    """What the colour of each run stands for: see `accuracy_bars`."""
    return frame["backbone"].map(_family) if by == "family" else frame[by].fillna(NOT_SAID[by])


def _look(kind: str, words: Sequence[str] = ()) -> dict[str, str]:
    """The colour and symbol of a family, or of one of these words."""
    if kind in words:
        return {"color": class_colour(words.index(kind)), "symbol": "circle"}
    return {"color": FAMILY_COLOURS.get(kind, QUIET), "symbol": FAMILY_SYMBOLS.get(kind, "circle")}


def _family(backbone: str) -> str:
    spec = BACKBONES.get(backbone)
    return spec.family if spec else "Other"


def backbone_colour(backbone: str) -> str:
    """The colour of a backbone's family."""
    return FAMILY_COLOURS.get(_family(backbone), QUIET)


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
