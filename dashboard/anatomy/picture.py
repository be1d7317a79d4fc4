"""An overview of a network: its parts from left to right, with widths and heights by channels and resolution."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from core.anatomy import Anatomy
from core.anatomy.layers import LayerInfo
from core.training.freezing import Frozen
from dashboard.ui import charts, colours, formats
from dashboard.ui.training_charts import FROZEN, TRAINS

WIDTHS = {"channels": "Channels", "params": "Parameters", "macs": "MACs"}
HEAD = "new head"
WITHOUT = "#b9bfca"  # nothing in it could train
GAP = 0.012  # of the whole width: between parts, and three times that where the resolution changes
NARROWEST = 0.004  # of the whole width
LABEL = 0.085  # of the whole width: the label of a resolution
LISTED = 12  # layers in a tooltip


@dataclass(frozen=True)
class Part:
    """What is drawn as one box."""

    name: str
    resolution: int  # pixels: the height of its last feature map with weights, or of the square of its patches
    channels: int  # of its output
    params: int
    macs: int
    trains: float | None  # share of its layers with weights that train, from the end; None: it has no weights
    hover: str
    patches: bool = False  # its positions are patches of the image, a token each


def parts(anatomy: Anatomy, frozen: Frozen) -> list[Part]:
    """The boxes, from image to head."""
    trained = {row.name: row.trainable_params for row in frozen.layers}
    return [_part(name, layers, trained) for name, layers in anatomy.parts.items()]


def figure(boxes: Sequence[Part], *, by: str = "channels", head: str = "", chosen: str = "") -> go.Figure:
    """The picture; `customdata` of each box is its name.

    Args:
        by: The quantity that widths show, a key of WIDTHS.
        head: Text on the new head, which always trains.
        chosen: The part to outline.
    """
    edges, resolutions = _edges(boxes, by)
    tallest = np.sqrt(max(box.resolution for box in boxes))
    canvas = charts.canvas(height=310, barmode="overlay", bargap=0, clickmode="event+select")
    canvas.update_layout(legend={"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0, "font_size": 13})
    rows = []  # name of the trace, box, left, right
    for box, (left, right) in zip(boxes, edges, strict=True):
        if box.trains is None:
            rows.append(("No weights", box, left, right))
            continue
        cut = right - box.trains * (right - left)
        if box.trains < 1:
            rows.append(("Frozen", box, left, cut))
        if box.trains > 0:
            rows.append(("Trains", box, cut, right))
    for name, colour in (("Frozen", FROZEN), ("Trains", TRAINS), ("No weights", WITHOUT)):
        _boxes(canvas, name, colour, [row for row in rows if row[0] == name], tallest, chosen)
    end = edges[-1][1]
    canvas.add_bar(
        x=[end + 2.2 * GAP],
        width=[1.6 * GAP],
        y=[0.3],
        base=[-0.15],
        showlegend=False,
        marker={"color": TRAINS, "pattern": {"shape": "/"}},
        hovertemplate=f"<b>{HEAD}</b><br>{head}<extra></extra>",
    )
    for resolution, members, left, right in resolutions:
        canvas.add_annotation(
            x=(left + right) / 2,
            y=-0.56,
            text=f"<b>{_square(resolution, members)}</b><br>{_channels(members)}",
            showarrow=False,
            yanchor="top",
            font_size=13,
        )
    canvas.update_traces(selected_marker_opacity=1, unselected_marker_opacity=1)
    canvas.update_xaxes(visible=False, range=[-GAP, end + 4 * GAP])
    return canvas.update_yaxes(visible=False, range=[-0.8, 0.53])


def _part(name: str, layers: Sequence[LayerInfo], trained: dict[str, int]) -> Part:
    weighted = [layer for layer in layers if layer.weight_layer]
    maps = [layer for layer in weighted or layers if len(layer.shape) > 1]
    learns = [layer for layer in weighted if layer.trainable_params]
    params, macs = sum(layer.params for layer in layers), sum(layer.macs for layer in layers)
    trains = sum(trained.get(layer.name, 0) for layer in layers)
    figures = [f"<b>{name}</b>: {formats.count(len(layers), 'layer')}, {formats.count(params, 'parameter')}"]
    if macs:
        figures.append(f"{formats.millions(macs)} MACs per image")
    if weighted:
        figures.append(f"{formats.count(trains, 'parameter')} train" if trains else "frozen")
    return Part(
        name=name,
        resolution=_side(maps[-1]) if maps else 1,
        channels=layers[-1].shape[-1],
        params=params,
        macs=macs,
        trains=sum(trained.get(layer.name, 0) > 0 for layer in learns) / len(learns) if learns else None,
        hover="<br>".join([", ".join(figures), *_listed(layers)]),
        patches=bool(maps) and len(maps[-1].shape) == 2 and maps[-1].shape[0] > 1,
    )


def _side(layer: LayerInfo) -> int:
    """The side of a feature map, or of the square of patches, which may follow one or two tokens."""
    return layer.shape[0] if len(layer.shape) == 3 else math.isqrt(layer.shape[0])


def _listed(layers: Sequence[LayerInfo]) -> list[str]:
    lines = [f"{layer.kind}{_window(layer)}: {shape(layer.shape)}" for layer in layers]
    more = len(lines) - LISTED
    return lines if more <= 0 else [*lines[:LISTED], f"and {more} more"]


def _edges(boxes: Sequence[Part], by: str) -> tuple[list[tuple[float, float]], list[tuple]]:
    """Left and right of each box, and (resolution, boxes, left, right) of each resolution; about 1 wide in all."""
    sizes = np.sqrt([float(getattr(box, by)) for box in boxes])
    room = 1 - GAP * (len(boxes) - 1) if len(boxes) < 30 else 0.75
    widths = np.maximum(room * sizes / max(sizes.sum(), 1), NARROWEST)
    gap = min(GAP, 0.25 / len(boxes))
    edges, resolutions, x = [], [], 0.0
    for resolution, members in _resolutions(boxes):
        left, needed = x, sum(widths[index] + gap for index in members)
        x += max(LABEL - needed, 0) / 2
        for index in members:
            edges.append((x, x + widths[index]))
            x += widths[index] + gap
        x = max(x, left + (LABEL + needed) / 2) if needed < LABEL else x
        resolutions.append((resolution, [boxes[index] for index in members], left, x - gap))
        x += 2 * gap
    return edges, resolutions


def _resolutions(boxes: Sequence[Part]) -> Iterable[tuple[int, list[int]]]:
    """Adjacent boxes of the same resolution, as indices."""
    groups: list[tuple[int, list[int]]] = []
    for index, box in enumerate(boxes):
        if groups and groups[-1][0] == box.resolution:
            groups[-1][1].append(index)
        else:
            groups.append((box.resolution, [index]))
    return groups


def _boxes(canvas: go.Figure, name: str, colour: str, rows: Sequence[tuple], tallest: float, chosen: str) -> None:
    if not rows:
        return
    heights = [np.sqrt(box.resolution) / tallest for _, box, _, _ in rows]
    canvas.add_bar(
        x=[(left + right) / 2 for *_, left, right in rows],
        width=[right - left for *_, left, right in rows],
        y=heights,
        base=[-height / 2 for height in heights],
        name=name,
        marker={
            "color": colour,
            "line": {
                "color": [colours.ACCENT if box.name == chosen else "rgba(0, 0, 0, 0)" for _, box, _, _ in rows],
                "width": [3 if box.name == chosen else 0 for _, box, _, _ in rows],
            },
        },
        text=[box.hover for _, box, _, _ in rows],
        textposition="none",
        customdata=[[box.name] for _, box, _, _ in rows],
        hovertemplate="%{text}<extra></extra>",
    )


def _channels(members: Sequence[Part]) -> str:
    first, last = members[0].channels, members[-1].channels
    return f"{first:,}" if first == last else f"{first:,} to {last:,}"


def _square(resolution: int, members: Sequence[Part]) -> str:
    return f"{resolution} × {resolution}" + (" patches" if members[0].patches else "")


def _window(layer: LayerInfo) -> str:
    if layer.window == (0, 0):
        return ""
    rows, columns = layer.window
    return f" {rows} × {columns}" + (f", stride {layer.stride}" if layer.stride > 1 else "")


def shape(sizes: Sequence[int]) -> str:
    """(28, 28, 64) -> 28 × 28 × 64."""
    return " × ".join(f"{size:,}" for size in sizes)
