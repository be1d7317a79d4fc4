"""Charts of training: frozen layers, learning rate, loss and accuracy. A table in, a figure out."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from dashboard.ui.charts import STYLE, canvas, label
from dashboard.ui.colours import ACCENT, QUIET

TRAINS = "#e76300"
FROZEN = "#9db8d9"
RUN_COLOURS = (ACCENT, "#e76300", "#00936a", "#9a5fd0", "#d0321a", "#b9ac70")
MOST_POINTS = 400  # of one line; more are averaged, since a screen cannot show them
MOST_NAMES = 14  # on an axis; more overlap on a projector
HEAD = "head"


def freeze_strip(blocks: pd.DataFrame, *, rates: Mapping[str, float] | None = None, rate: float = 0.0) -> go.Figure:
    """A backbone's blocks from image to head: which train, how large they are, how their BatchNorm runs.

    Args:
        blocks: `name`, `layers`, `params`, `trainable_params`, `batchnorm`: a row for each block, from image to head.
            The height is the square root of the parameters, so that small blocks are visible; `customdata` is the
            index.
        rates: Learning rates by the name of a block, drawn as a line; empty if all have that of the head.
        rate: That of the head.
    """
    figure = canvas(barmode="stack", bargap=0.12, height=235, clickmode="event+select")
    names = [*blocks["name"], HEAD]
    _add_blocks(figure, blocks)
    if rates:
        _add_rates(figure, names, rates, rate)
    _add_batchnorm(figure, blocks)
    figure.update_traces(selector={"type": "bar"}, selected_marker_opacity=1, unselected_marker_opacity=1)
    every = max(1, int(np.ceil(len(names) / MOST_NAMES)))
    ticks = [*range(0, len(blocks), every), len(blocks)]
    figure.update_xaxes(
        tickvals=ticks,
        ticktext=[names[i] for i in ticks],
        tickangle=-40,
        tickfont_size=12,
        showgrid=False,
    )
    return figure.update_yaxes(visible=False, range=[-0.16, 1.04])


def _add_blocks(figure: go.Figure, blocks: pd.DataFrame) -> None:
    """A bar for each block, by how much of it trains, and one for the head."""
    height = np.sqrt(blocks["params"].to_numpy(float))
    tallest = height.max() if len(height) else 1.0
    height = np.maximum(height / tallest, 0.12)
    share = (blocks["trainable_params"] / blocks["params"].clip(lower=1)).to_numpy(float)
    partly = np.where((share > 0) & (share < 1), np.maximum(share, 0.1), share)  # BatchNorm's statistics never train
    whole = (share > 0.9).astype(float)
    trains = height * np.where(whole > 0, 1.0, partly)
    columns = (blocks[name].tolist() for name in ("name", "layers", "params", "trainable_params", "batchnorm"))
    texts = [
        f"<b>{name}</b>: {layers} layers<br>{_trains(trainable, params)}{_mode(batchnorm)}"
        for name, layers, params, trainable, batchnorm in zip(*columns, strict=True)
    ]
    index = np.arange(len(blocks))
    hover = {"hovertemplate": "%{text}<extra></extra>", "text": texts, "textposition": "none", "customdata": index}
    figure.add_bar(x=index, y=trains, name="Trains", marker_color=TRAINS, **hover)
    if (height > trains).any():
        figure.add_bar(x=index, y=height - trains, name="Frozen", marker_color=FROZEN, **hover)
    figure.add_bar(
        x=[len(blocks)],
        y=[0.5],
        marker={"color": TRAINS, "pattern": {"shape": "/"}},
        showlegend=False,
        hovertemplate="<b>The head</b> always trains<extra></extra>",
    )


def _add_rates(figure: go.Figure, names: Sequence[str], rates: Mapping[str, float], rate: float) -> None:
    """The learning rate of each block that trains, as a share of the head's."""
    drawn = [(names.index(name), share) for name, share in rates.items()] + [(len(names) - 1, rate)]
    figure.add_scatter(
        x=[position for position, _ in drawn],
        y=[share / rate for _, share in drawn],
        mode="lines+markers",
        name="Learning rate, as a share of the head's",
        line={"color": ACCENT, "width": 2},
        text=[f"<b>{names[position]}</b> learns at {share:.2g}" for position, share in drawn],
        hovertemplate="%{text}<extra></extra>",
    )


def _add_batchnorm(figure: go.Figure, blocks: pd.DataFrame) -> None:
    """A mark below each block with BatchNorm, by its mode."""
    index = np.arange(len(blocks))
    for mode, symbol in (("inference", "circle-open"), ("training", "circle")):
        chosen = blocks["batchnorm"].isin([mode, "mixed"] if mode == "training" else [mode]).to_numpy()
        if chosen.any():
            figure.add_scatter(
                x=index[chosen],
                y=np.full(chosen.sum(), -0.09),
                mode="markers",
                name=f"BatchNorm in {mode} mode",
                marker={"symbol": symbol, "size": 8, "color": TRAINS if mode == "training" else QUIET, "line_width": 2},
                hoverinfo="skip",
            )


def learning(frame: pd.DataFrame, *, by: str = "epoch", unfrozen: float | None = None) -> go.Figure:
    """Loss and accuracy of one or several runs as they train: `run`, `step`, `metric`, `value`, in long form.

    Args:
        by: "epoch" draws training (thin) and validation (thick); "batch" draws single batches.
        unfrozen: Epoch after which the backbone's layers train too, marked by a line.
    """
    figure = make_subplots(cols=2, horizontal_spacing=0.14, figure=go.Figure())
    names = list(dict.fromkeys(frame["run"]))
    drawn = frame[frame["metric"].str.startswith("batch_") == (by == "batch")]
    for column, what in enumerate(("loss", "accuracy"), start=1):
        for position, run in enumerate(names):
            for metric, points in drawn[drawn["run"] == run].groupby("metric", sort=False):
                if not metric.endswith(what):
                    continue
                validation = metric.startswith("val")
                points = _thinned(points.sort_values(by="step", kind="stable"))
                dots = by == "epoch" or len(points) == 1  # a single point is no line
                part = "Validation" if validation else "Training"
                figure.add_scatter(
                    x=points["step"],
                    y=points["value"] * (100 if what == "accuracy" else 1),
                    mode="lines+markers" if dots else "lines",
                    name=part if len(names) == 1 else label(run),
                    legendgroup=part if len(names) == 1 else run,
                    showlegend=column == 2 and (len(names) == 1 or validation or by == "batch"),
                    line={
                        "color": RUN_COLOURS[position % len(RUN_COLOURS)],
                        "width": 3 if validation else 2,
                        "dash": "solid" if validation or by == "batch" else "dot",
                    },
                    marker_size=8 if validation else 6,
                    opacity=1 if validation or by == "batch" else 0.75,
                    hovertemplate=f"{label(run)}<br>{part} {what}: %{{y:.4g}}<extra></extra>",
                    row=1,
                    col=column,
                )
        figure.update_yaxes(title_text="Accuracy (%)" if what == "accuracy" else "Loss", row=1, col=column)
        if unfrozen and by == "epoch" and len(drawn) and drawn["step"].max() > unfrozen:
            cell: dict[str, Any] = {"row": 1, "col": column}  # Plotly declares both as texts
            figure.add_vline(
                x=unfrozen + 0.5,
                line={"color": QUIET, "dash": "dash", "width": 1.5},
                annotation={"text": "unfrozen", "font_size": 12, "showarrow": False} if column == 1 else None,
                **cell,
            )
    figure.update_layout(STYLE | {"height": 330})
    whole: dict[str, Any] = {"dtick": 1} if by == "epoch" and len(drawn) and drawn["step"].max() <= 12 else {}
    figure.update_xaxes(title_text="Epoch" if by == "epoch" else "Step", title_font_size=14, automargin=True, **whole)
    return figure.update_yaxes(automargin=True, title_font_size=14, zeroline=False)


def rates(frame: pd.DataFrame, *, suggestion: float | None, chosen: float) -> go.Figure:
    """Loss against a rising learning rate: `learning_rate`, `loss`; with the suggested and the chosen rate."""
    figure = canvas(height=260)
    figure.add_scatter(
        x=frame["learning_rate"],
        y=frame["loss"],
        mode="lines",
        line={"color": ACCENT, "width": 3},
        showlegend=False,
        hovertemplate="%{x:.1e}: loss %{y:.3g}<extra></extra>",
    )
    lines = [(suggestion, "suggested", "dash", TRAINS)] if suggestion else []
    lines.append((chosen, "chosen", "dot", QUIET))
    for rate, name, dash, colour in lines:
        others = [other for other, *_ in lines if other != rate]
        side = "center" if not others else "left" if rate > others[0] else "right"  # their names never overlap
        figure.add_vline(x=rate, line={"color": colour, "dash": dash, "width": 2})
        figure.add_annotation(
            x=np.log10(rate),
            y=1.0,
            yref="paper",
            xanchor=side,
            yanchor="bottom",
            text=name,
            showarrow=False,
            font={"size": 12, "color": colour},
        )
    low, high = np.log10([min(frame["learning_rate"].min(), chosen), max(frame["learning_rate"].max(), chosen)])
    first, least = frame["loss"].iloc[0], frame["loss"].min()
    drop = max(first - least, 0.05 * first)
    figure.update_xaxes(
        type="log",
        title_text="Learning rate (logarithmic)",
        exponentformat="power",
        dtick=1,
        tickangle=0,
        range=[low - 0.1, high + 0.2],
    )
    return figure.update_yaxes(title_text="Loss", range=[least - 0.1 * drop, first + 0.6 * drop])


def schedule(rates: np.ndarray, *, epochs: int) -> go.Figure:
    """The learning rate over the epochs, from equally spaced points."""
    figure = canvas(height=170, showlegend=False)
    x = np.linspace(0, epochs, len(rates))
    figure.add_scatter(
        x=x, y=list(rates), mode="lines", line={"color": TRAINS, "width": 3}, hovertemplate="%{y:.2e}<extra></extra>"
    )
    figure.update_xaxes(title_text="Epoch", title_font_size=13)
    return figure.update_yaxes(title_text="Learning rate", title_font_size=13, exponentformat="power", nticks=4)


def _trains(trainable: int, params: int) -> str:
    return f"trains {trainable:,} of {params:,} parameters" if trainable else f"frozen: {params:,} parameters"


def _mode(batchnorm: str) -> str:
    return f"<br>BatchNorm in {batchnorm} mode" if batchnorm else ""


def _thinned(points: pd.DataFrame) -> pd.DataFrame:
    """The same line with fewer points, each the mean of its neighbours."""
    if len(points) <= MOST_POINTS:
        return points
    part = np.arange(len(points)) * MOST_POINTS // len(points)
    return points[["step", "value"]].groupby(part).mean()
