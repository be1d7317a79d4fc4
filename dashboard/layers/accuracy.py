"""How well each layer of a network separates the classes: a sentence, a chart of linear probes, captions of maps."""

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go

from core import backbones
from core.evaluation.layer_probes import Probe, Probes
from core.features.layers import Depth
from dashboard.ui import findings, formats
from dashboard.ui.charts import canvas, error_bars
from dashboard.ui.colours import backbone_colour

HEIGHT = 300  # pixels: with the answer above it, in the first screen of a laptop


def sentence(result: Probes) -> str:
    """Which block separates the classes best, as far as the test images can tell, against both ends; Markdown."""
    first, last = result.probes[0], result.probes[-1]
    best, *close = result.best()
    verdict = "" if close else " separates the classes best"
    text = (
        f"**{best.block}** (block {best.place} of {last.place}){verdict}: a linear head is right on "
        f"**{formats.percent(best.accuracy)}** of {formats.count(result.n_test, 'test image')} "
        f"({formats.interval(best.accuracy_low, best.accuracy_high)})"
    )
    if close:
        text += f", too close to call with {_named(close)}"
    text += (
        "." if best is first else f"; after the first block, **{first.block}**, on {formats.percent(first.accuracy)}."
    )
    if best is last or last in close:
        return text
    return f"{text} {findings.change(result.change(last, best), f'the last, {last.block}', best.block)}"


def _named(probes: Sequence[Probe]) -> str:
    """Names of blocks; of many, the first and their number."""
    names = [f"**{probe.block}**" for probe in probes]
    return formats.listed(names) if len(names) <= 3 else f"{len(names)} others, the first of them {names[0]}"


def title(depth: Depth) -> str:
    """The title of the map of a layer."""
    return f"{depth.block}, {depth.size} x {depth.size}"


def probed(backbone: str) -> str:
    """What linear heads read after each block of a network, as in the middle of a sentence."""
    tokens = {"class": "the class token", "attention": "the mean of the patches"}
    return tokens.get(backbones.get(backbone).poolings[0], "the mean of the feature map over its positions")


def caption(probe: Probe | None) -> str:
    """The accuracy of a linear probe on the layer; short enough for the map."""
    if probe is None:
        return ""
    return f"Probe {formats.percent(probe.accuracy)} ({formats.interval(probe.accuracy_low, probe.accuracy_high)})"


def chart(result: Probes, backbone: str) -> go.Figure:
    """Accuracy of the probes against depth, first block to last, with 95 % intervals, in the colour of the family."""
    frame = pd.DataFrame([vars(probe) for probe in result.probes])
    positions = "patches" if backbones.get(backbone).has_tokens else "positions"
    line = go.Scatter(
        x=frame["block"],
        y=100 * frame["accuracy"],
        mode="lines+markers",
        line={"color": backbone_colour(backbone), "width": 3},
        marker={"size": 10},
        error_y=error_bars(frame),
        customdata=frame[["place", "size", "channels", "strength"]],
        hovertemplate=(
            "<b>%{x}</b>, block %{customdata[0]}: %{y:.1f} %<br>%{customdata[1]} x %{customdata[1]} "
            f"{positions}, %{{customdata[2]}} channels<br>"
            "L2 strength %{customdata[3]:g}, chosen on validation<extra></extra>"
        ),
    )
    figure = canvas(line, height=HEIGHT)
    figure.update_xaxes(title_text="Block, from first to last", type="category")
    return figure.update_yaxes(title_text="Accuracy on test images (%)", rangemode="tozero")
