"""Runs as dots beside few-shot curves: where each is, and whose is best."""

import pytest

from core import metrics
from dashboard import server
from dashboard.few_shot import curves, dots
from dashboard.ui.colours import FAMILY_COLOURS
from tests.run_rows import row

ACCURACIES = {"accuracy": 0.8, "accuracy_low": 0.7, "accuracy_high": 0.9}
RUNS = [
    row(id="a", person="Ada", backbone="VGG16", n_train=32, n_val=8, **ACCURACIES),
    row(id="b", person="Ada", backbone="VGG16", n_train=320, n_val=80, **ACCURACIES | {"accuracy": 0.85}),
    row(id="c", person="Ben", backbone="ResNet50", n_train=80, n_val=20, **ACCURACIES | {"accuracy": 0.75}),
]


def test_a_run_is_at_the_labelled_images_that_it_learned_from_in_the_colour_of_its_family():
    figure = curves.chart({}, {}, dots.frame(RUNS, classes=10))
    (runs,) = figure.data
    assert list(runs.x) == [4, 40, 10] and list(runs.y) == pytest.approx([80, 85, 75])
    assert list(runs.text) == ["Ada", "Ada", "Ben"]
    assert runs.marker.color[2] == FAMILY_COLOURS["ResNet"]
    assert len(curves.chart({}, {}, dots.frame([], classes=10)).data) == 0


def test_the_best_run_is_compared_with_the_best_of_somebody_else(monkeypatch):
    compared = []

    def change(first, second):
        compared.append((first.id, second.id))
        return metrics.change_of_counts(75, 100, 85, 100)

    monkeypatch.setattr(server.runs, "change", change)
    assert dots.answer(RUNS[:2]) == "", "one person alone has nobody to be compared with"
    text = dots.answer(RUNS)
    assert compared == [("c", "b")]
    assert text.startswith("Ada's a run (VGG16") and "Ben's a run (ResNet50" in text and "too close to call" in text
