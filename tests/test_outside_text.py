"""Names come back as they were from every file that the program writes, whatever they look like.

The drawing and the offline map, which a browser writes, are in tests/browser/test_outside_text.py.
"""

import ast
import csv
import html
import io
import json
import shlex
from collections.abc import Sequence
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from markdown_it import MarkdownIt

from core import backbones, quoting, runs
from core.config import RunConfig
from core.data import dataset as stored
from core.export import writers
from core.export.script import applications, script
from core.progress import Progress
from dashboard import server
from dashboard.maps import selection
from dashboard.run import export, live_images, report
from dashboard.ui import class_charts, formats

AWKWARD = (
    "it's",
    'say "cheese"',
    "'''\"\"\"",
    "a\nb",
    "a\u2028b\x85c",
    "a\rb\x1bc",
    "<b>bold",
    "</title></script>",
    "&lt; &amp;",
    "`code`",
    "=1+1",
    "a, b; c",
    "{n} {} %{x} %s",
    "$x$ ![p](q.png) :cat:",
    "back\\slash\\n",
    "Käfer 金魚 🐈",
    "001",
    "NA",
    "# __all__",
    "- [x] done",
)
LIKE_VALUES = ("None", "TRUE", "1e5", "2024-01-31", "inf", "#N/A", "\u202efrom the right")
LONG = tuple(f"golden retriever dog with a name that fills a line, number {number}" for number in range(20))
MACHINE = 'A "fast" <machine>\\ with """ and $5$ *x*'


@pytest.fixture(params=[AWKWARD, LIKE_VALUES, LONG], ids=["awkward", "like values", "long"])
def names(request) -> tuple[str, ...]:
    return request.param


@pytest.fixture
def dataset(names) -> stored.Dataset:
    """Ten images of each class; its own name and title are awkward too, as if somebody had renamed its folder."""
    rows = (
        (np.full((32, 32, 3), label, np.uint8), label, "", f"{n}.png") for label in range(len(names)) for n in range(10)
    )
    metadata = {"class_names": names, "source": "planted", "licence": "none", "skipped": (), "notes": ()}
    return stored.write([("odd 'pets' <b> & \\ $x$", "Odd 'pets' <b> & $x$")], rows, metadata=metadata)


@pytest.fixture
def run(store, names, dataset) -> runs.Run:
    """A finished run that took every image for the next class."""
    run_id = runs.create(RunConfig(backbone="Tiny", dataset=dataset.name, method="knn", n_train=0, n_test=0))
    runs.start(run_id)
    rows = np.arange(0, len(dataset.labels), 10)
    labels = dataset.labels[rows]
    answers = (labels + 1) % len(names)
    outcome = runs.Outcome(
        accuracy=0.5,
        accuracy_low=0.4,
        accuracy_high=0.6,
        top5=None,
        validation_accuracy=0.5,
        calibration_error=0.1,
        per_class=dict.fromkeys(names, 0.5),
        seconds=dict.fromkeys(runs.STAGES, 1.5),
        images_per_second=10.0,
        cached=False,
        hardware=MACHINE,
        versions={"keras": "3"},
        protocol="Planted",
        weights_origin="untrained",
        n_train=60,
        n_val=10,
        n_test=len(rows),
        chosen={"neighbours": 5},
        notes=[*names],
    )
    predictions = pd.DataFrame({"row": rows, "label": labels, "prediction": answers, "confidence": 0.9})
    confusion = pd.DataFrame(np.eye(len(names), dtype=int), index=names, columns=names)
    runs.finish(run_id, runs.Result(outcome, predictions, confusion))
    return runs.get(run_id)


class Texts(HTMLParser):
    """The texts and `alt`s of a page by the tag they stand in; what is opened is closed."""

    def __init__(self, page: str):
        super().__init__()
        self.open: list[str] = []
        self.found: dict[str, list[str]] = {}
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        if "alt" in dict(attrs):
            self.found.setdefault("alt", []).append(dict(attrs)["alt"])
        if tag not in ("meta", "br", "img"):
            self.open.append(tag)
            self.found.setdefault(tag, []).append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open:
            self.found[self.open[-1]][-1] += data


def shown(markdown: str) -> str:
    """What a Markdown file shows, if all of it is plain text."""
    tokens = MarkdownIt("commonmark").enable("strikethrough").parse(markdown)
    inline = [child for token in tokens for child in token.children or ()]
    assert {token.type for token in inline} <= {"text", "softbreak", "text_special"}, markdown
    return "".join(token.content for token in inline).replace("\u2060", "")


def constants(code: str) -> dict[str, object]:
    """The literals that a script assigns to its constants."""
    assigned = [node for node in ast.parse(code).body if isinstance(node, ast.Assign)]
    return {
        node.targets[0].id: ast.literal_eval(node.value)
        for node in assigned
        if isinstance(node.targets[0], ast.Name) and node.targets[0].id in ("CLASS_NAMES", "DATA")
    }


def test_a_script_and_a_notebook_hold_names_as_literals(run, names, dataset):
    text, book = script.python_script(run), json.loads(script.notebook(run))
    code = "\n".join("".join(cell["source"]) for cell in book["cells"] if cell["cell_type"] == "code")
    for source in (text, code):
        assert constants(source) == {"CLASS_NAMES": [*names], "DATA": str(stored.root() / dataset.name)}
    words = ast.get_docstring(ast.parse(text))
    assert dataset.name in words
    assert MACHINE in words.replace("\n", " ")
    title, introduction = "".join(book["cells"][0]["source"]).removeprefix("# ").split("\n\n")
    assert dataset.name in shown(title)
    assert MACHINE in shown(introduction)


def test_the_folder_of_weights_is_a_literal(names):
    for name in names:
        folder = f"/weights/{name.replace('/', '')}"
        config = RunConfig(backbone="MobileNetV2", weights=folder)
        written = applications.weights(config, backbones.get("MobileNetV2"))
        assert ast.literal_eval(written) == str(Path(folder).resolve())


def test_a_report_shows_names_as_text(run, names, dataset):
    server.datasets.refresh()
    found = Texts(report.html([run.id])).found
    assert not found.keys() & {"script", "b", "i"}
    assert found["span"] == [*names]  # the columns of the confusion matrix
    assert [text for text in found["th"] if text in names] == [*names]  # its rows
    captions = [
        f"{true}, mistaken for {said}confidence 90.0 %" for true, said in zip(names, _after(names), strict=True)
    ]
    assert found["figcaption"] == captions[: report.MISTAKES]
    assert found["alt"] == [*names[: report.MISTAKES]]
    short = [name if len(name) <= 40 else f"{name[:39]}…" for name in names]
    assert [text for text in found["text"] if text in short] == short
    assert found["p"][-len(names) - 1 : -1] == [*names]  # the notes
    assert found["h2"] == [f"{run.name} on {dataset.title}"]
    assert MACHINE in "".join(found["p"])


def test_images_of_a_running_run_show_names_as_text(names, dataset, monkeypatch, run):
    drawn = []
    server.datasets.refresh()
    monkeypatch.setattr(live_images.st, "html", drawn.append)
    rows = tuple(range(0, len(dataset.labels), 10))
    live_images.show(run, Progress("train", 0, 1, rows=rows, labels=tuple(range(len(names)))))
    found = Texts(drawn[0]).found
    assert found.keys() == {"div", "figure", "figcaption", "alt"}
    assert found["alt"] == [*names]
    assert found["figcaption"] == [f"✓ {name}" for name in names]


def test_a_table_of_images_holds_names_in_cells_that_are_no_formulas(run, names, dataset):
    rows = np.arange(0, len(dataset.labels), 10)
    table = selection.table(dataset, rows, rows, np.zeros((len(rows), 2)), runs.predictions(run.id))
    lines = list(csv.DictReader(io.StringIO(quoting.csv(table).decode(), newline="")))
    cells = [f"'{name}" if name[0] in "=-" else name for name in names]
    assert [line["class"] for line in lines] == cells
    assert [line["prediction"] for line in lines] == _after(cells)


def test_the_run_store_gives_names_back(run, names):
    counts = runs.confusion(run.id)
    assert [*counts.index] == [*counts.columns] == [*names]
    assert [*run.tested().per_class] == [*names]
    assert run.tested().notes == [*names]


def test_charts_show_names_as_text(run, names):
    counts = runs.confusion(run.id)
    for figure in (class_charts.per_class(counts), class_charts.confusion(counts)):
        bars = json.loads(figure.to_json())["data"][0]["x"]
        assert [html.unescape(text) for text in bars] == [*names]
        assert not any("<" in text for text in bars)


def test_markdown_shows_names_as_text(names):
    for name in names:
        assert shown(formats.plain(name)) == " ".join(name.split())
        assert shown(quoting.markdown(quoting.line(name))) == quoting.line(name)


def test_labels_beside_a_model_are_one_line_each(names, tmp_path):
    writers.add_script(names, tmp_path)
    labels = (tmp_path / "labels.txt").read_text(encoding="utf-8")
    assert labels.splitlines() == [" ".join(name.splitlines()) for name in names]


def test_the_command_of_a_run_gives_its_words_back(store, names):
    classes = "\n".join(dict.fromkeys(" ".join(name.splitlines()) for name in names))
    config = RunConfig(backbone="ToyCLIP", method="zero-shot", n_train=0, dataset="odd 'pets' $x", classes=classes)
    runs.create(config)
    words = shlex.split(export.command(runs.rows()[0]))
    assert words[words.index("--classes") + 1] == classes
    assert words[words.index("--dataset") + 1] == config.dataset


def _after(names: Sequence[str]) -> list[str]:
    """The next of each name, and after the last the first."""
    return [*names[1:], names[0]]
