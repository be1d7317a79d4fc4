"""Runs on corrupted images: a heat map, curves against severity, a preview, and the mean drop in a sentence."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from core.config import TITLES
from core.data import corruptions
from core.data.corruptions import CORRUPTIONS, SEVERITIES
from core.evaluation import robustness
from core.evaluation.robustness import Robustness
from core.runs import SEEDS, RunRow
from dashboard.ui import findings, formats
from dashboard.ui.charts import STYLE, canvas
from dashboard.ui.colours import strokes

SEED = 0.45  # opacity of the line of one seed
HEIGHT = 440  # pixels: with the answer above it, in the first screen of a laptop


def titles(entries: Sequence[RunRow]) -> dict[str, str]:
    """Entry or run id -> its title: backbone, method, number of seeds, and its start where that is not enough."""
    short = {}
    for entry in entries:
        seeds = f", mean of {formats.count(entry.n_seeds, 'seed')}" if entry.n_seeds > 1 else ""
        short[entry.id] = f"{entry.config.backbone}, {TITLES[entry.config.method].lower()}{seeds}"
    often = Counter(short.values())
    return {
        entry.id: short[entry.id] + (f" ({formats.moment(entry.created)})" if often[short[entry.id]] > 1 else "")
        for entry in entries
    }


def of_seed(title: str, run: RunRow) -> str:
    """The title of one run of an entry."""
    return f"{title}, seed {run.config.seed}" if run.entry.startswith(SEEDS) else title


def together(results: Sequence[Robustness | None]) -> Robustness | None:
    """The result of one run, or the mean of several seeds; None while one is not measured."""
    measured = [result for result in results if result]
    if len(measured) < len(results):
        return None
    return robustness.mean(measured) if len(measured) > 1 else measured[0]


def answer(results: Mapping[str, Robustness]) -> str:
    """What corruptions cost a run; of several, whether one is right most often, and what they cost it; Markdown."""
    best, *others = sorted(results, key=lambda title: results[title].corrupted, reverse=True)
    if not others:
        return sentence(best, results[best])
    change = robustness.change(results[others[0]], results[best])
    return (
        f"On average over the corruptions: {findings.change(change, others[0], best)} {sentence(best, results[best])}"
    )


def sentence(title: str, result: Robustness) -> str:
    """Which corruptions cost a run most accuracy, and how much it loses on average; Markdown."""
    worst = result.costliest()
    titles = [CORRUPTIONS[corruption].title for corruption in worst]
    names = [title if title.isupper() else title.lower() for title in titles]  # JPEG
    costs = [formats.points(result.clean - result.mean(corruption)) for corruption in worst]
    first = formats.listed(names)
    first = f"**{first[0].upper()}{first[1:]}**"
    if len(worst) == 1:
        text = f"{first} costs **{title}** most: {costs[0]} points"
    elif len(worst) < len(CORRUPTIONS):
        text = f"{first} cost **{title}** most, too close to call among them: {costs[-1]} to {costs[0]} points"
    else:
        text = f"Which corruption costs **{title}** most is too close to call: {costs[-1]} to {costs[0]} points"
    drop = result.drop
    doubtful = drop.low <= 0 <= drop.high
    verdict = "Whether they cost it accuracy at all is too close to call:" if doubtful else "Corruptions cost it"
    return (
        f"{text} of its {formats.percent(result.clean)} on the original images. {verdict} "
        f"{formats.points(drop.value)} points on average "
        f"(95 % interval {formats.points(drop.low)} to {formats.points(drop.high)}, "
        f"{formats.count(result.n_test, 'test image')}{f' and {len(result.seeds)} seeds' if result.seeds else ''})."
    )


def heat_map(results: Mapping[str, Robustness]) -> go.Figure:
    """Mean accuracy over the severities, in percent: a row for each run, a column for each corruption."""
    names = list(results)[::-1]
    columns = ["Original", *(corruption.title for corruption in CORRUPTIONS.values())]
    values = [
        [
            100 * results[name].clean,
            *(100 * np.mean(results[name].accuracies[corruption]) for corruption in CORRUPTIONS),
        ]
        for name in names
    ]
    cells = go.Heatmap(
        x=columns,
        y=names,
        z=values,
        colorscale="Blues",
        zmin=0,
        zmax=100,
        texttemplate="%{z:.1f}",
        showscale=False,
        hovertemplate="<b>%{y}</b><br>%{x}: %{z:.1f} %<extra></extra>",
        xgap=2,
        ygap=2,
    )
    figure = canvas(cells, height=110 + 48 * len(names))
    return figure.update_xaxes(side="top", type="category").update_yaxes(type="category")


def curves(results: Mapping[str, Robustness], backbones: Sequence[str]) -> go.Figure:
    """Accuracy against severity, a chart for each corruption; severity 0 is the original images, bars are intervals.

    Thin lines are the seeds of a mean.

    Args:
        backbones: Of each run, for the colours.
    """
    shared: dict[str, Any] = {"shared_xaxes": True, "shared_yaxes": "all"}  # Plotly declares both as bool
    figure = make_subplots(
        rows=2,
        cols=3,
        vertical_spacing=0.16,
        horizontal_spacing=0.03,
        subplot_titles=[corruption.title for corruption in CORRUPTIONS.values()],
        **shared,
    )
    for (name, result), stroke in zip(results.items(), strokes(backbones), strict=True):
        for cell, corruption in enumerate(CORRUPTIONS):
            _add_run(figure, name, result, corruption, stroke, cell)
    margin = {"t": 70, "r": 16, "b": 8, "l": 8}
    legend = {"orientation": "h", "y": 1.1, "yanchor": "bottom"}
    figure.update_layout(STYLE | {"height": HEIGHT, "margin": margin, "legend": legend})
    figure.update_xaxes(dtick=1)
    figure.update_xaxes(title_text="Severity", row=2)
    return figure.update_yaxes(title_text="Accuracy (%)", col=1)


def _add_run(figure: go.Figure, name: str, result: Robustness, corruption: str, stroke: dict, cell: int) -> None:
    """The line of a run in the chart of one corruption, over those of its seeds."""
    where: dict[str, Any] = {"legendgroup": name, "row": cell // 3 + 1, "col": cell % 3 + 1}
    for seed in result.seeds:
        figure.add_scatter(
            x=[0, *SEVERITIES],
            y=[100 * share for share in (seed.clean, *seed.accuracies[corruption])],
            showlegend=False,
            mode="lines",
            line=stroke | {"width": 1},
            opacity=SEED,
            hoverinfo="skip",
            **where,
        )
    shares = [result.interval(corruption, severity) for severity in SEVERITIES]
    error = {
        "type": "data",
        "symmetric": False,
        "thickness": 1,
        "array": [0, *(100 * (share.high - share.value) for share in shares)],
        "arrayminus": [0, *(100 * (share.value - share.low) for share in shares)],
    }
    figure.add_scatter(
        x=[0, *SEVERITIES],
        y=[100 * result.clean, *(100 * share.value for share in shares)],
        name=name,
        showlegend=cell == 0,
        mode="lines+markers",
        line=stroke | {"width": 2.5},
        error_y=error,
        hovertemplate=f"<b>{name}</b><br>severity %{{x}}: %{{y:.1f}} %<extra></extra>",
        **where,
    )


def preview(image: np.ndarray) -> dict[str, list[np.ndarray]]:
    """An image (s, s, 3) uint8 after each corruption, from severity 1 to 5, by the title of the corruption."""
    return {
        corruption.title: [corruptions.apply(image[None], name, severity)[0] for severity in SEVERITIES]
        for name, corruption in CORRUPTIONS.items()
    }
