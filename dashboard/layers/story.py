"""How well each layer of a network separates the classes: a sentence, a chart of linear probes, captions of maps."""

import pandas as pd
import plotly.graph_objects as go

from core.evaluation.layer_probes import Probe, Probes
from core.features.layers import Depth
from dashboard.ui import formats
from dashboard.ui.charts import ACCENT, canvas, error_bars


def sentence(result: Probes) -> str:
    """How accuracy changes with depth, and where it changes most; Markdown."""
    first, last = result.probes[0], result.probes[-1]
    text = (
        f"A linear head classifies {formats.percent(first.accuracy)} of the test images correctly from "
        f"**{first.block}** and **{formats.percent(last.accuracy)}** from **{last.block}**. "
    )
    best = max(result.probes, key=lambda probe: probe.accuracy)
    if best is not last:
        apart = best.accuracy_low > last.accuracy_high
        text += f"It is best at **{best.block}**, not at the end ({formats.percent(best.accuracy)}; "
        return text + ("the intervals do not overlap)." if apart else "too close to call).")
    before, after = max(
        zip(result.probes, result.probes[1:], strict=False), key=lambda pair: pair[1].accuracy - pair[0].accuracy
    )
    step = 100 * (after.accuracy - before.accuracy)
    return f"{text}The largest step, {step:.1f} points, is from {before.block} to {after.block}."


def title(depth: Depth) -> str:
    """The title of the map of a layer."""
    return f"{depth.block}, {depth.size} x {depth.size}"


def caption(probe: Probe | None) -> str:
    """The accuracy of a linear probe on the layer; short enough for the map."""
    if probe is None:
        return ""
    return f"Probe {formats.percent(probe.accuracy)} ({formats.interval(probe.accuracy_low, probe.accuracy_high)})"


def chart(result: Probes) -> go.Figure:
    """Accuracy of the probes against depth, first block to last, with 95 % intervals."""
    frame = pd.DataFrame([vars(probe) for probe in result.probes])
    line = go.Scatter(
        x=frame["block"],
        y=100 * frame["accuracy"],
        mode="lines+markers",
        line={"color": ACCENT, "width": 3},
        marker={"size": 10},
        error_y=error_bars(frame),
        customdata=frame[["place", "size", "channels", "strength"]],
        hovertemplate=(
            "<b>%{x}</b>, block %{customdata[0]}: %{y:.1f} %<br>%{customdata[1]} x %{customdata[1]} positions, "
            "%{customdata[2]} channels<br>L2 strength %{customdata[3]:g}, chosen on validation<extra></extra>"
        ),
    )
    figure = canvas(line, height=340)
    figure.update_xaxes(title_text="Block, from first to last", type="category")
    return figure.update_yaxes(title_text="Accuracy on test images (%)", rangemode="tozero")
