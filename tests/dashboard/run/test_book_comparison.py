"""The book's lesson compares what can be compared, and its reasons are right for each backbone."""

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from core import backbones
from core.runs import RunRow
from dashboard.run import book_comparison
from tests.run_rows import row

RUN = {
    "id": "a",
    "backbone": "VGG16",
    "dataset": "cifar10",
    "recipe": "book-as-printed",
    "method": "finetune",
    "accuracy": 0.5,
    "n_train": 400,
    "input_size": 96,
    "weights_origin": "imagenet",
}


def rows(*changes: dict) -> list[RunRow]:
    """A run a day."""
    return [row(**RUN | {"created": datetime(2026, 1, day, tzinfo=UTC)} | each) for day, each in enumerate(changes, 1)]


def pair(runs: list[RunRow], of: int = 0) -> list[str] | None:
    found = book_comparison.pair(runs[of], runs)
    return found and [run.id for run in found]


def test_the_newest_of_each_recipe_are_held_against_each_other_and_a_run_itself_is_one_of_them():
    corrected = {"recipe": "book-corrected"}
    runs = rows({}, {"id": "b"} | corrected, {"id": "c"} | corrected, {"id": "d"})
    assert pair(runs, of=0) == ["a", "c"]
    assert pair(runs, of=1) == ["d", "b"]


@pytest.mark.parametrize(
    "other",
    [
        {"recipe": "notebook"},
        {"recipe": "book-corrected", "backbone": "VGG19"},
        {"recipe": "book-corrected", "dataset": "cifar100"},
        {"recipe": "book-corrected", "n_train": 4000.0},
        {"recipe": "book-corrected", "accuracy": float("nan")},
    ],
)
def test_runs_that_differ_in_more_than_the_recipe_make_no_lesson(other: dict):
    assert pair(rows({}, {"id": "b"} | other)) is None


@pytest.mark.parametrize(
    ("backbone", "said"),
    [
        ("MobileNetV2", "from -1 to 1 (scaled to -1..1)"),
        ("MobileNetV2", "span only 50 % of that range."),
        ("EfficientNetB0", "from 0 to 255"),
        ("EfficientNetB0", "span only 0.39 % of that range."),
        ("VGG16", "from -124 to 151"),
        ("VGG16", "Red and blue are swapped, too."),
    ],
)
def test_the_reason_names_the_pixels_that_a_backbone_was_trained_on(backbone: str, said: str):
    pixels, *_ = book_comparison.reasons(backbones.get(backbone), None, None)
    assert said in pixels


def test_the_reason_counts_what_trained_where_that_is_known():
    whole = SimpleNamespace(trainable_params=2_000_000, trainable_weight_layers=104, weight_layers=104)
    part = SimpleNamespace(trainable_params=1_000_000, trainable_weight_layers=14, weight_layers=104)
    _, freezing, _ = book_comparison.reasons(backbones.get("MobileNetV2"), whole, part)
    assert "as printed, 104 of 104 layers with weights (2.00 M parameters)" in freezing
    assert "corrected, 14 of 104 layers with weights (1.00 M parameters)" in freezing
    _, freezing, _ = book_comparison.reasons(backbones.get("MobileNetV2"), None, None)
    assert "Trained:" not in freezing
