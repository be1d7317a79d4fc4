"""Charts of classes keep their colours, their names and their order."""

import html

import numpy as np
import pandas as pd
import pytest

from dashboard.ui import class_charts, colours, run_charts
from tests.dashboard.drawn import COUNTS, EVERY_CHART


@pytest.mark.parametrize("name", ["class_balance", "per_class"])
def test_a_class_keeps_its_colour_in_every_chart(name: str):
    drawn = EVERY_CHART[name].data[0].marker.color
    assert tuple(drawn) == colours.CLASS_COLOURS[: len(drawn)]


def test_the_confusion_matrix_is_coloured_by_the_share_of_the_true_class():
    cells = EVERY_CHART["confusion"].data[0]
    assert np.asarray(cells.z).tolist() == [[80, 20, 0], [10, 90, 0], [0, 0, 0]]
    assert np.asarray(cells.text)[0].tolist() == ["8", "2", ""]


def test_every_cell_of_the_confusion_matrix_can_be_clicked_for_its_classes():
    targets = EVERY_CHART["confusion"].data[1]
    at = {(x, y): tuple(data[:2]) for x, y, data in zip(targets.x, targets.y, targets.customdata, strict=True)}
    assert len(at) == 9
    assert at["dog", "cat"] == ("cat", "dog")  # x is what was predicted, y what it was


def test_accuracy_of_a_class_without_images_is_not_drawn_as_zero():
    heights = EVERY_CHART["per_class"].data[0].y
    assert heights[:2] == pytest.approx([80, 90])
    assert np.isnan(heights[2])


@pytest.mark.parametrize("names", [("0", "1", "10", "2"), ("001", "002"), ("2024-05", "2024-06"), ("NA", "nan", "1e5")])
def test_class_names_that_look_like_something_else_are_categories_in_their_order(names):
    counts = pd.DataFrame(np.eye(len(names), dtype=int), index=list(names), columns=list(names))
    matrix = class_charts.confusion(counts)
    assert (matrix.layout.xaxis.type, matrix.layout.yaxis.type) == ("category", "category")
    assert tuple(matrix.data[0].x) == tuple(matrix.data[0].y) == names
    balance = class_charts.class_balance(pd.DataFrame({"class_name": list(names), "images": range(len(names))}))
    counted = class_charts.counted(dict.fromkeys(names, 3), names)
    assert balance.layout.xaxis.type == class_charts.per_class(counts).layout.xaxis.type == "category"
    assert "category" in (counted.layout.xaxis.type, counted.layout.yaxis.type)
    assert balance.layout.yaxis.type is None


def test_long_class_names_are_short_below_bars_and_whole_under_the_pointer():
    names = [f"{'<i>' * 40}{number}" for number in range(2)]
    counts = pd.DataFrame(np.eye(2, dtype=int), index=names, columns=names)
    for figure in (
        class_charts.per_class(counts),
        class_charts.class_balance(pd.DataFrame({"class_name": names, "images": [1, 2]})),
        run_charts.per_class_of_two(counts, counts, ("A", "B")),
    ):
        axis, bars = figure.layout.xaxis, figure.data[0]
        assert [html.unescape(text) for text in axis.ticktext] == [f"{names[0][:39]}…"] * 2
        assert tuple(axis.tickvals) == tuple(bars.x) == tuple(bars.hovertext) and len(set(bars.x)) == 2
        assert "%{hovertext}" in bars.hovertemplate and "%{x}" not in bars.hovertemplate
    assert class_charts.per_class(COUNTS).layout.xaxis.ticktext is None
    matrix = class_charts.confusion(counts)
    assert matrix.layout.xaxis.ticktext == matrix.layout.yaxis.ticktext == axis.ticktext
    assert matrix.data[1].hovertext[1] == f"<b>{bars.x[0]}</b> predicted as <b>{bars.x[1]}</b>"
