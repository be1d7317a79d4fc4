"""The charts of one finished run, and of two side by side: a table in, a Plotly figure out, as in `charts`."""

import html
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from core import metrics, sweeps
from core.evaluation.measures import Answering
from core.explain.attribution import TITLES
from core.explain.faithfulness import Faithfulness
from core.runs import RunRow
from dashboard.ui import formats
from dashboard.ui.charts import TINT, canvas, class_axis, error_bars, label
from dashboard.ui.colours import ACCENT, QUIET, class_colour

SECOND = "#e08600"  # the other of two runs
FEW = 10  # images of a bin; fewer are drawn faintly
PHASES = {"head": "Head alone, backbone frozen", "finetune": "Fine-tuned", "scratch": "From scratch"}


def accuracies(frame: pd.DataFrame) -> go.Figure:
    """Accuracies, the first on top.

    Args:
        frame: `name` (of a phase, or any title), `accuracy`, `accuracy_low`, `accuracy_high`.
    """
    frame = frame.iloc[::-1]
    titles = [PHASES.get(name) or str(name) for name in frame["name"]]
    percents = [f"<b>{100 * accuracy:.1f} %</b>" for accuracy in frame["accuracy"]]
    bars = go.Bar(
        x=100 * frame["accuracy"],
        y=frame["name"],
        orientation="h",
        marker={"color": ACCENT, "opacity": TINT},
        error_x=error_bars(frame),
        customdata=np.stack([titles, 100 * frame["accuracy_low"], 100 * frame["accuracy_high"]], axis=1),
        hovertemplate="%{customdata[0]}: %{x:.1f} % (%{customdata[1]:.1f} to %{customdata[2]:.1f})<extra></extra>",
    )
    figure = canvas(bars, height=100 + 52 * len(frame))
    labels = [f"{title}   {percent}" for title, percent in zip(titles, percents, strict=True)]
    figure.update_yaxes(tickvals=frame["name"], ticktext=labels, type="category", title_text="")
    return figure.update_xaxes(title_text="Accuracy on test images (%), 95 % interval", range=[0, 100])


def seeds(entry: RunRow) -> go.Figure:
    """The accuracy of each finished seed with the 95 % interval over images, and their mean over seeds and images."""
    shown = [*((f"Seed {run.config.seed}", run, QUIET) for run in entry.runs), ("Mean", entry, ACCENT)]
    figure = canvas(height=120 + 34 * len(shown))
    for name, row, colour in reversed(shown):
        interval = pd.DataFrame([vars(row)])[["accuracy", "accuracy_low", "accuracy_high"]]
        figure.add_scatter(
            x=100 * interval["accuracy"],
            y=[name],
            mode="markers",
            marker={"color": colour, "size": 12},
            error_x=error_bars(interval) | {"color": colour},
            hovertemplate=f"{name}: %{{x:.1f}} % ({formats.interval(row.accuracy_low, row.accuracy_high)})"
            "<extra></extra>",
            showlegend=False,
        )
    figure.update_yaxes(type="category", title_text="")
    return figure.update_xaxes(title_text="Accuracy on test images (%),<br>95 % interval")


def sweep(entry: RunRow) -> go.Figure:
    """The validation accuracy of each run of a sweep over one or two settings; a frame marks the chosen one.

    Cells are clicked by invisible markers whose `customdata` is the id of their run, as in `charts.confusion`.
    """
    down, across = entry.varied if len(entry.varied) > 1 else ("", *entry.varied)
    x, y = ([sweeps.shown(getattr(cell.config, name, "")) for cell in entry.cells] for name in (across, down))
    done = [cell.status == "finished" for cell in entry.cells]
    texts = [formats.percent(c.validation_accuracy) if c.status == "finished" else c.status for c in entry.cells]
    shares = [100 * cell.validation_accuracy if cell.status == "finished" else None for cell in entry.cells]
    blues = {"colorscale": "Blues", "showscale": False, "xgap": 2, "ygap": 2}
    cells = go.Heatmap(x=x, y=y, z=shares, text=texts, texttemplate="%{text}", hoverinfo="skip", **blues)
    figure = canvas(cells, height=150 + 46 * len(set(y)), hoverdistance=-1)
    figure.add_scatter(
        x=x,
        y=y,
        mode="markers+text",
        text=["" if finished else text for finished, text in zip(done, texts, strict=True)],
        marker={"size": 40, "symbol": "square", "opacity": 0},
        selected_marker={"opacity": 0.35, "color": ACCENT},
        unselected_marker_opacity=0,
        customdata=[
            [cell.id, sweeps.described(cell.config, entry.varied), text]
            for cell, text in zip(entry.cells, texts, strict=True)
        ],
        hovertemplate="%{customdata[1]}: %{customdata[2]}<extra></extra>",
        showlegend=False,
    )
    if entry.has_result:
        place = entry.cells.index(entry.chosen)
        frame = {"symbol": "square-open", "size": 44, "color": SECOND, "line_width": 3}
        figure.add_scatter(x=[x[place]], y=[y[place]], mode="markers", marker=frame, hoverinfo="skip", showlegend=False)
    axis = {"type": "category", "showgrid": False}
    figure.update_xaxes(categoryarray=_in_order(entry, across), title_text=_axis(across), **axis)
    return figure.update_yaxes(categoryarray=_in_order(entry, down), title_text=_axis(down), **axis)


def _in_order(entry: RunRow, setting: str) -> list[str]:
    """The values of a setting of a sweep, numbers ascending, others as they were given."""
    values = list(dict.fromkeys(getattr(cell.config, setting, "") for cell in entry.cells))
    return [sweeps.shown(value) for value in (values if isinstance(values[0], str) else sorted(values))]


def _axis(setting: str) -> str:
    title = sweeps.title(setting)
    return title[:1].upper() + title[1:]


def calibration(bins: Sequence[metrics.Bin]) -> go.Figure:
    """Accuracy against confidence, with the line of perfect calibration; below, the number of images in each bin."""
    filled = [part for part in bins if part.images]
    frame = pd.DataFrame(
        {
            "middle": [50 * (part.low + part.high) for part in filled],
            "width": [100 * (part.high - part.low) for part in filled],
            "confidence": [100 * part.confidence for part in filled],
            "images": [part.images for part in filled],
            "accuracy": [part.accuracy.value for part in filled],
            "accuracy_low": [part.accuracy.low for part in filled],
            "accuracy_high": [part.accuracy.high for part in filled],
        }
    )
    figure = make_subplots(
        rows=2, shared_xaxes=True, row_heights=[0.78, 0.22], vertical_spacing=0.06, figure=canvas(height=520)
    )
    diagonal = {"color": QUIET, "width": 2, "dash": "dot"}
    figure.add_scatter(x=[0, 100], y=[0, 100], mode="lines", name="Well calibrated", line=diagonal, hoverinfo="skip")
    figure.add_bar(
        x=frame["middle"],
        y=100 * frame["accuracy"],
        width=0.92 * frame["width"],
        name="Accuracy, 95 % interval",
        marker={"color": ACCENT, "opacity": np.where(frame["images"] < FEW, TINT / 3, TINT)},
        error_y=error_bars(frame),
        customdata=frame[["confidence", "images"]],
        hovertemplate=(
            "Confidence %{customdata[0]:.0f} %, right on %{y:.0f} % of %{customdata[1]} images<extra></extra>"
        ),
    )
    figure.add_bar(
        x=frame["middle"],
        y=frame["images"],
        width=0.92 * frame["width"],
        showlegend=False,
        marker={"color": QUIET, "opacity": TINT},
        hovertemplate="%{y} images<extra></extra>",
        row=2,
        col=1,
    )
    figure.update_xaxes(title_text="", range=[0, 100], row=1, col=1)
    figure.update_xaxes(title_text="Confidence (%) in the predicted class", range=[0, 100], row=2)
    figure.update_yaxes(title_text="Accuracy (%)", range=[0, 104], row=1)
    return figure.update_yaxes(title_text="Images", nticks=3, row=2)


def answering(points: Sequence[Answering], chosen: Answering) -> go.Figure:
    """Accuracy of the answered images against their share, with its 95 % interval, and the chosen confidence."""
    filled = [point for point in points if point.coverage.value]
    share = [100 * point.coverage.value for point in filled]
    band = {"mode": "lines", "line": {"width": 0}, "hoverinfo": "skip", "showlegend": False}
    figure = canvas(height=320)
    low, high = ([100 * getattr(point.accuracy, end) for point in filled] for end in ("low", "high"))
    figure.add_scatter(x=share, y=low, **band)
    figure.add_scatter(x=share, y=high, fill="tonexty", fillcolor="rgba(74, 111, 227, 0.18)", **band)  # ACCENT
    figure.add_scatter(
        x=share,
        y=[100 * point.accuracy.value for point in filled],
        mode="lines",
        line={"color": ACCENT, "width": 3},
        customdata=[100 * point.confidence for point in filled],
        hovertemplate="At %{customdata:.0f} % or more: %{x:.1f} % answered, %{y:.1f} % of them right<extra></extra>",
        showlegend=False,
    )
    if chosen.coverage.value:
        figure.add_scatter(
            x=[100 * chosen.coverage.value],
            y=[100 * chosen.accuracy.value],
            mode="markers",
            marker={"color": SECOND, "size": 14},
            hoverinfo="skip",
            showlegend=False,
        )
    figure.update_xaxes(title_text="Images that are answered (%)", range=[0, 101])
    return figure.update_yaxes(title_text="Accuracy of these (%), 95 % interval")


def perturbed(methods: Sequence[Faithfulness]) -> go.Figure:
    """The probability of the predicted class while regions are inserted (solid) or deleted (dotted), by method."""
    figure = canvas(height=340)
    for index, method in enumerate(methods):
        shares = np.linspace(0, 100, len(method.insertion))
        for name, values, dash in (("in", method.insertion, "solid"), ("away", method.deletion, "dot")):
            figure.add_scatter(
                x=shares,
                y=100 * np.array(values),
                name=TITLES[method.method],
                legendgroup=method.method,
                showlegend=name == "in",
                mode="lines",
                line={"color": class_colour(index), "dash": dash, "width": 2.5},
                hovertemplate=f"{TITLES[method.method]}, %{{x:.0f}} % of the image {name}: %{{y:.0f}} %<extra></extra>",
            )
    figure.update_xaxes(title="regions inserted (solid) or deleted (dotted), %")
    return figure.update_yaxes(title="probability of the predicted class, %", rangemode="tozero")


def roc(points: pd.DataFrame, names: Mapping[int, str]) -> go.Figure:
    """Recall against false positives, one line a class; columns of `measures.curves`, and what to call each class."""
    start = {"recall": [0.0], "false_positive_rate": [0.0], "threshold": [1.0]}
    figure = _curves(points, names, "false_positive_rate", "recall", start)
    chance = {"mode": "lines", "line": {"color": QUIET, "dash": "dot"}, "showlegend": False, "hoverinfo": "skip"}
    figure.add_scatter(x=[0, 1], y=[0, 1], **chance)
    figure.update_xaxes(title_text="False positive rate")
    return figure.update_yaxes(title_text="True positive rate (recall)")


def precision_recall(points: pd.DataFrame, names: Mapping[int, str]) -> go.Figure:
    """Precision against recall, one line a class; columns of `measures.curves`, and what to call each class."""
    figure = _curves(points, names, "recall", "precision", {})
    figure.update_xaxes(title_text="Recall")
    return figure.update_yaxes(title_text="Precision")


def _curves(points: pd.DataFrame, names: Mapping[int, str], x: str, y: str, start: Mapping[str, list]) -> go.Figure:
    figure = canvas(height=420)
    for index, name in names.items():
        part = pd.concat([pd.DataFrame(start), points[points["class_index"] == index]])
        figure.add_scatter(
            x=part[x],
            y=part[y],
            mode="lines",
            name=html.escape(name),
            line={"color": class_colour(index), "width": 2.5},
            customdata=part["threshold"],
            hovertemplate="From a probability of %{customdata:.3f} on: %{x:.3f}, %{y:.3f}",
        )
    figure.update_xaxes(range=[-0.01, 1.01])
    return figure.update_yaxes(range=[0, 1.02])


def paired(counts: metrics.Paired, first: str, second: str) -> go.Figure:
    """The test images that two runs share: right in both, in only one, in none."""
    parts = (
        ("Both right", counts.both, "#b4bac7", "#1b1f2a"),
        (f"Right only by {label(first)}", counts.only_first, ACCENT, "#ffffff"),
        (f"Right only by {label(second)}", counts.only_second, SECOND, "#1b1f2a"),
        ("Both wrong", counts.neither, "#5c6475", "#ffffff"),
    )
    figure = canvas(height=170, barmode="stack", bargap=0.1)
    for name, images, colour, ink in parts:
        figure.add_bar(
            x=[images],
            y=[""],
            orientation="h",
            name=name,
            text=[f"{images:,}"],
            textposition="inside",
            insidetextanchor="middle",
            textangle=0,
            textfont={"size": 15, "color": ink},
            marker_color=colour,
            hovertemplate=f"{name}: %{{x:,}} images<extra></extra>",
        )
    figure.update_layout(legend_traceorder="normal")
    figure.update_yaxes(showticklabels=False)
    return figure.update_xaxes(title_text="Test images of both runs", range=[0, sum(part[1] for part in parts)])


def per_class_of_two(first: pd.DataFrame, second: pd.DataFrame, names: tuple[str, str]) -> go.Figure:
    """Accuracy of each class with its 95 % interval, two bars a class, from the counts of both confusions."""
    figure = canvas(height=360, bargap=0.25, bargroupgap=0.05)
    for counts, name, colour in zip((first, second), names, (ACCENT, SECOND), strict=True):
        images = counts.to_numpy()
        shares = [metrics.wilson(int(images[i, i]), int(images[i].sum())) for i in range(len(images))]
        frame = pd.DataFrame(
            {
                "accuracy": [share.value for share in shares],
                "accuracy_low": [share.low for share in shares],
                "accuracy_high": [share.high for share in shares],
            }
        )
        figure.add_bar(
            x=[label(column) for column in counts.columns],
            y=100 * frame["accuracy"],
            name=label(name),
            marker={"color": colour, "opacity": TINT},
            error_y=error_bars(frame),
            hovertext=[label(column) for column in counts.columns],
            hovertemplate=f"%{{hovertext}}: %{{y:.1f}} %<extra>{label(name)}</extra>",
        )
    figure.update_xaxes(title_text="True class", **class_axis(first.columns))
    return figure.update_yaxes(title_text="Accuracy (%)", range=[0, 104])


def probabilities(class_names: Sequence[str], values: np.ndarray, *, most: int = 3) -> go.Figure:
    """The most probable classes for one image, from the probabilities (c,), the most probable on top."""
    best = metrics.likeliest(values, most)[::-1]
    bars = go.Bar(
        x=100 * values[best],
        y=[label(class_names[index]) for index in best],
        orientation="h",
        marker={"color": ACCENT, "opacity": TINT},
        text=[f"{100 * values[index]:.1f} %" for index in best],
        textposition="outside",
        cliponaxis=False,
        hovertemplate="%{y}: %{x:.1f} %<extra></extra>",
    )
    figure = canvas(bars, height=80 + 36 * len(best))
    figure.update_yaxes(title_text="", type="category")
    return figure.update_xaxes(title_text="Probability (%)", range=[0, 118], tickvals=[0, 50, 100])
