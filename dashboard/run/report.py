"""A report: one HTML file with the comparison and the chosen runs, for readers without the dashboard.

The file is self-contained and has no scripts: it opens offline, on a phone and in ten years, and can be printed. So
charts are drawn as SVG here; Plotly would add 5 MB of JavaScript. The module is part of the dashboard because it uses
the sentences of `answers` and the number formats of `formats`.
"""

import base64
import io
from collections.abc import Iterable, Sequence
from dataclasses import fields
from datetime import UTC, datetime
from html import escape
from math import floor

import numpy as np
import pandas as pd
from PIL import Image

from core import anatomy, metrics, people, runs
from core.config import TITLES, RunConfig
from core.data import datasets
from core.errors import LabError, RunError
from core.evaluation import comparison, groups, leaks
from core.runs import Outcome, RunRow
from dashboard import server
from dashboard.ui import answers, findings, formats
from dashboard.ui.colours import class_colour

MISTAKES = 12  # images shown of a run
MANY_CLASSES = 20  # from this many on, a confusion matrix is too wide for a page
RIGHT, WRONG = "#2f55cc", "#e08600"


def html(run_ids: Sequence[str]) -> str:
    """The whole file, for runs that have a result, in this order.

    Raises:
        RunError: No run, one that does not exist, or one without a result.
    """
    if not run_ids:
        raise RunError("A report needs at least one run", "one run or more")
    rows = [runs.row(run_id).chosen for run_id in dict.fromkeys(run_ids)]
    for row in rows:
        if not row.has_result:
            raise RunError(f"Run {row.name} is {row.status} and has no result", "finished runs", "Leave it out")
    title = "Backbone Lab: " + (rows[0].name if len(rows) == 1 else f"{len(rows)} runs compared")
    parts = [
        f"<h1>{escape(title)}</h1>",
        f"<p class=quiet>Written {datetime.now(UTC):%d %B %Y}. Every number was measured by this program, on the "
        "hardware stated with it; accuracies are measured on test images that influenced nothing, with 95 % "
        "intervals.</p>",
    ]
    compared = [group for group in groups.by_test_images(rows) if len(group.runs) > 1]
    for group in compared:
        parts += _comparison(group)
    if len(rows) > 1 and not compared:
        parts.append("<p class=warning>No two of these runs were tested on the same images.</p>")
    parts += [_entry(row) if row.seeds else _run(row, runs.get(row.id).tested()) for row in rows]
    body = "\n".join(parts)
    return (
        f"<!doctype html>\n<html lang=en><head><meta charset=utf-8><title>{escape(title)}</title>\n"
        f'<meta name=viewport content="width=device-width, initial-scale=1">\n<style>{_STYLE}</style></head>\n'
        f"<body>\n{body}\n</body></html>\n"
    )


# The comparison


def _comparison(group: groups.Group) -> list[str]:
    rows, labels, dataset = group.runs, _labels(group.runs), server.datasets.title(group.dataset)
    parts = [
        f"<h2>Comparison on {formats.count(group.n_test, 'test image')} of {escape(dataset)}</h2>",
        _bars(
            labels,
            [row.accuracy for row in rows],
            [row.accuracy_low for row in rows],
            [row.accuracy_high for row in rows],
        ),
    ]
    for answer in answers.three_questions(
        rows, dataset, comparison.of_runs, comparison.unfreezing, leaks.of_run, _macs
    ):
        sentences = "<br>".join(escape(sentence) for sentence in (*answer.sentences, *answer.details))
        parts.append(f"<p><b>{escape(answer.question)}</b><br>{sentences}</p>")
    parts += [f"<p class=warning>{escape(warning)}</p>" for warning in answers.warnings(rows)]
    cells = [
        (
            label,
            formats.percent(run.accuracy),
            formats.interval(run.accuracy_low, run.accuracy_high),
            formats.percent(run.validation_accuracy),
            formats.duration(run.seconds) + (", features cached" if run.cached else ""),
            run.hardware,
        )
        for label, run in zip(labels, rows, strict=True)
    ]
    return [*parts, _table(("Run", "Accuracy", "95 % interval", "Validation", "Time", "Measured on"), cells)]


def _macs(backbone: str, input_size: int) -> int | None:
    """The MACs of a network that was opened here before."""
    network = anatomy.find(backbone, input_size)
    return network.macs if network else None


def _labels(rows: Sequence[RunRow]) -> list[str]:
    """Distinct labels of the runs: the backbone and its method, with the run id if that is not enough."""
    names = []
    for row in rows:
        how = row.config.recipe or TITLES[row.config.method].lower()
        how += f", {formats.count(row.n_seeds, 'seed')}" if row.seeds else ""
        names.append(f"{row.config.backbone}, {how}, {row.config.input_size} px")
    return [name if names.count(name) == 1 else f"{name} ({row.id[:6]})" for name, row in zip(names, rows, strict=True)]


# One run


def _entry(entry: RunRow) -> str:
    """The mean of several seeds, and each of them."""
    names = ["Mean", *(f"Seed {run.config.seed}" for run in entry.runs)]
    rows = (entry, *entry.runs)
    shares = ([getattr(row, name) for row in rows] for name in ("accuracy", "accuracy_low", "accuracy_high"))
    measured_on = f"{formats.count(entry.n_seeds, 'seed')} on {formats.count(entry.n_test, 'test image')}"
    parts = [
        f"<h2>{escape(entry.name)} on {escape(server.datasets.title(entry.config.dataset))}</h2>",
        f"<p class=figure>{formats.percent(entry.accuracy)} <small>mean of {measured_on}, "
        f"{formats.interval(entry.accuracy_low, entry.accuracy_high)}</small></p>",
        f"<p>{escape(findings.seeds(entry))}</p>",
        f"<p>{escape(entry.protocol)}. Measured on {escape(entry.hardware)}.</p>",
        f"<p class=warning>{escape(entry.error)}</p>" if entry.error else "",
        _bars(names, *shares),
    ]
    return f"<section>{''.join(parts)}</section>"


def _run(run: RunRow, outcome: Outcome) -> str:
    counts = runs.confusion(run.id)
    parts = [
        f"<h2>{escape(run.name)} on {escape(server.datasets.title(run.config.dataset))}</h2>",
        f"<p class=figure>{formats.percent(outcome.accuracy)} <small>of {formats.count(outcome.n_test, 'test image')}, "
        f"{formats.interval(outcome.accuracy_low, outcome.accuracy_high)}</small></p>",
        f"<p>{escape(outcome.protocol)}. Measured on {escape(outcome.hardware)} in "
        f"{formats.duration(sum(outcome.seconds.values()))}{', features cached' if outcome.cached else ''}.</p>",
    ]
    if outcome.weights_origin == "untrained" and run.config.method != "scratch":
        parts.append("<p class=warning>Untrained weights: nothing was transferred from ImageNet.</p>")
    if run.status != "finished":
        parts.append(f"<p class=warning>The run was {escape(run.status)}: this is its best result so far.</p>")
    leaked = leaks.of_run(run)
    notes = [*outcome.notes, f"{leaks.sentence(leaked)}."] if leaked else outcome.notes
    parts += [f"<p class=warning>{escape(note)}</p>" for note in notes]
    if outcome.stages:
        parts += ["<h3>Phase by phase</h3>", _stages(outcome)]
        if change := comparison.unfreezing(run):
            parts.append(f"<p>{escape(findings.unfreezing(change))}</p>")
    parts += ["<h3>Accuracy by class</h3>", _classes(counts)]
    if len(counts) <= MANY_CLASSES:
        parts += ["<h3>Confusion matrix</h3>", _confusion(counts)]
    parts += [_mistakes(run, list(counts.columns)), _curves(runs.curves(run.id))]
    parts.append(_settings(run, outcome))
    return f"<section>{''.join(parts)}</section>"


def _stages(outcome: Outcome) -> str:
    titles = {"head": "Head alone", "finetune": "Fine-tuned", "scratch": "From scratch"}
    frame = pd.DataFrame(outcome.stages)
    names = [titles.get(stage["name"]) or str(stage["name"]) for stage in outcome.stages]
    counted = ""
    if outcome.weight_layers:
        counted = (
            f"<p>{outcome.trainable_weight_layers} of {outcome.weight_layers} layers with weights trained at the end, "
            f"{outcome.trainable_params:,} of {outcome.total_params:,} parameters.</p>"
        )
    return _bars(names, frame["accuracy"], frame["accuracy_low"], frame["accuracy_high"]) + counted


def _classes(counts: pd.DataFrame) -> str:
    shares = [metrics.wilson(int(row[index]), int(row.sum())) for index, row in enumerate(counts.to_numpy())]
    colours = [class_colour(index) for index in range(len(counts))]
    columns = ([getattr(share, name) for share in shares] for name in ("value", "low", "high"))
    return _bars(list(counts.index), *columns, colours=colours)


def _confusion(counts: pd.DataFrame) -> str:
    values = counts.to_numpy()
    shares = values / np.maximum(values.sum(axis=1, keepdims=True), 1)  # of each true class
    rows = []
    for index, name in enumerate(counts.index):
        cells = [
            f'<td style="background:{RIGHT if index == column else WRONG}{round(255 * share):02x}">{count or ""}</td>'
            for column, (count, share) in enumerate(zip(values[index], shares[index], strict=True))
        ]
        rows.append(f"<tr><th>{escape(str(name))}</th>{''.join(cells)}</tr>")
    heads = "".join(f"<th><span>{escape(str(name))}</span></th>" for name in counts.columns)
    return f"<table class=confusion><tr><th>true, predicted as</th>{heads}</tr>{''.join(rows)}</table>"


def _mistakes(run: RunRow, names: list[str]) -> str:
    """The most confident mistakes; nothing if the dataset was deleted, has changed or may no longer be seen."""
    predictions = runs.predictions(run.id)
    wrong = predictions[predictions["label"] != predictions["prediction"]]
    wrong = wrong.sort_values(by="confidence", ascending=False, kind="stable").head(MISTAKES)
    try:
        dataset = datasets.load(run.config.dataset)
    except LabError:
        return ""
    if not people.may("see", dataset.person):
        return ""
    rows = wrong["row"].to_numpy()
    if not len(rows) or rows.max() >= len(dataset.labels) or (dataset.labels[rows] != wrong["label"]).any():
        return ""
    columns = (wrong[name].tolist() for name in ("row", "label", "prediction", "confidence"))
    shown = [
        f'<figure><img alt="{escape(names[label])}" src="{_picture(dataset.images[row])}"><figcaption>'
        f"{escape(names[label])}, mistaken for {escape(names[prediction])}<br>"
        f"confidence {formats.percent(confidence)}</figcaption></figure>"
        for row, label, prediction, confidence in zip(*columns, strict=True)
    ]
    return f"<h3>Most confident mistakes</h3><div class=images>{''.join(shown)}</div>"


def _picture(pixels: np.ndarray) -> str:
    image = Image.fromarray(np.asarray(pixels))
    if image.width > 128:
        image = image.resize((128, 128))
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def _curves(curves: pd.DataFrame) -> str:
    """Accuracy by epoch, in training and on validation; nothing for a run without epochs."""
    drawn = [
        (curves[curves["metric"] == metric].sort_values(by="step", kind="stable"), name, colour)
        for metric, name, colour in (
            ("accuracy", "training", "#8a93a5"),
            ("validation_accuracy", "validation", RIGHT),
        )
    ]
    drawn = [(frame, name, colour) for frame, name, colour in drawn if len(frame) > 1]
    if len(drawn) < 2:
        return ""
    low, high = (op(op(frame["step"]) for frame, *_ in drawn) for op in (min, max))
    least = min(frame["value"].min() for frame, *_ in drawn)
    base = max(0.0, floor(10 * least) / 10)

    def point(step: float, value: float) -> str:
        return f"{50 + 620 * (step - low) / max(high - low, 1e-9):.1f},{190 - 170 * (value - base) / (1 - base):.1f}"

    lines = []
    for number, (frame, name, colour) in enumerate(drawn):
        points = " ".join(point(step, value) for step, value in zip(frame["step"], frame["value"], strict=True))
        lines.append(f'<polyline fill="none" stroke="{colour}" stroke-width="2.5" points="{points}"/>')
        lines.append(f'<text x="{560}" y="{150 + 20 * number}" fill="{colour}">{name}</text>')
    for value in (base, (1 + base) / 2, 1):
        height = 190 - 170 * (value - base) / (1 - base)
        lines.append(f'<line x1="50" x2="670" y1="{height}" y2="{height}" class="grid"/>')
        lines.append(f'<text x="44" y="{height + 5}" text-anchor="end">{100 * value:.0f} %</text>')
    for step in dict.fromkeys((low, high)):
        x = point(step, base).split(",")[0]
        lines.append(f'<text x="{x}" y="210" text-anchor="middle">{"epoch " if step == low else ""}{step:g}</text>')
    return f'<h3>How it learned</h3><svg viewBox="0 0 700 220" role="img">{"".join(lines)}</svg>'


def _settings(run: RunRow, outcome: Outcome) -> str:
    """The settings that differ from their defaults, and those that name the run."""
    defaults = {field.name: field.default for field in fields(RunConfig)}
    rows = [
        (name.replace("_", " "), str(value))
        for name in defaults
        if (value := getattr(run.config, name)) != defaults[name] or name in ("dataset", "backbone", "method", "seed")
    ]
    versions = ", ".join(f"{name} {version}" for name, version in outcome.versions.items())
    return (
        f"<h3>Settings of this run</h3>{_table(('Setting', 'Value'), rows)}"
        f"<p class=quiet>All other settings have their default values. {escape(versions)}. Run {run.id}.</p>"
    )


# Drawing


def _bars(
    names: Sequence[str],
    values: Iterable[float],
    lows: Iterable[float],
    highs: Iterable[float],
    colours: Sequence[str] | None = None,
) -> str:
    """Horizontal bars of shares with their intervals, 0 to 100 %."""
    step, left, width = 30, 300, 330
    lines = []
    for number, (name, value, low, high) in enumerate(zip(names, values, lows, highs, strict=True)):
        y = step * number
        colour = colours[number] if colours else RIGHT
        lines.append(f'<text x="{left - 10}" y="{y + 20}" text-anchor="end">{escape(formats.short(str(name)))}</text>')
        if not np.isfinite(value):
            continue
        lines.append(
            f'<rect x="{left}" y="{y + 5}" width="{width * value:.1f}" height="20" fill="{colour}" opacity=".6"/>'
        )
        first, last = (f"{left + width * bound:.1f}" for bound in (low, high))
        whisker = f"M{first} {y + 15}H{last}M{first} {y + 10}v10M{last} {y + 10}v10"
        lines.append(f'<path class="interval" d="{whisker}"/>')
        lines.append(f'<text x="{left + width + 12}" y="{y + 20}">{formats.percent(value)}</text>')
    return f'<svg viewBox="0 0 700 {step * len(names) + 4}" role="img">{"".join(lines)}</svg>'


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(f"<th>{escape(title)}</th>" for title in heads)
    body = "".join("<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><tr>{head}</tr>{body}</table>"


_STYLE = """
:root { color-scheme: light dark; --ink: #1b1f2a; --quiet: #5c6475; --line: #dfe2ea; --paper: #fff; --tint: #fff6e5 }
@media (prefers-color-scheme: dark) {
  :root { --ink: #eceef4; --quiet: #a3aab9; --line: #343945; --paper: #14161c; --tint: #33290f } }
body { font: 17px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 54rem;
  margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 2rem } h2 { margin-top: 3rem; border-top: 2px solid var(--line); padding-top: 1.5rem }
h3 { margin: 2rem 0 .5rem } .quiet, figcaption { color: var(--quiet) } .figure { font-size: 2.6rem; margin: .5rem 0 }
.figure small { font-size: 1rem; color: var(--quiet) } .warning { background: var(--tint); padding: .5rem .8rem }
table { border-collapse: collapse; font-size: .85rem; margin: 1rem 0; display: block; overflow-x: auto }
td, th { border-bottom: 1px solid var(--line); padding: .3rem .6rem; text-align: left; vertical-align: bottom }
.confusion td { text-align: center; min-width: 2.2rem } .confusion th span { writing-mode: vertical-rl }
svg { width: 100%; height: auto } svg text { font: 15px system-ui, sans-serif; fill: var(--ink) }
svg .interval { stroke: var(--ink); stroke-width: 1.6; fill: none } svg .grid { stroke: var(--line) }
.images { display: flex; flex-wrap: wrap; gap: .8rem } figure { margin: 0; width: 128px; font-size: .8rem }
img { width: 128px; height: 128px; image-rendering: pixelated }
@media print { section { break-before: page } body { font-size: 12px } }
"""
