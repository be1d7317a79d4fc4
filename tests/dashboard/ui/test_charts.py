"""Charts are judged by their spec: what is drawn, where, in which colour, with which id."""

import html
import re

import numpy as np
import pandas as pd
import pytest

from core import metrics
from core.backbones import BACKBONES
from dashboard.ui import charts, run_charts
from dashboard.zero_shot import charts as similarities

RUNS = pd.DataFrame(
    {
        "run_id": ["a", "b", "c"],
        "name": ["MobileNetV2 linear 160 px", "VGG16 linear 160 px", "MobileNetV2 linear 160 px"],
        "backbone": ["MobileNetV2", "VGG16", "MobileNetV2"],
        "method": ["linear"] * 3,
        "accuracy": [0.8, 0.7, 0.5],
        "accuracy_low": [0.78, 0.6, 0.4],
        "accuracy_high": [0.83, 0.75, 0.6],
        "seconds": [10.0, 90.0, 1.0],
        "seconds_train": [2.0, 1.0, 0.5],
        "cached": [False, False, True],
        "weights_origin": ["imagenet", "imagenet", "untrained"],
        "hardware": ["Machine A"] * 3,
        "preprocessing": ["own"] * 3,
        "n_train_used": [500.0] * 3,
        "seeds": [1, 1, 1],
    }
)
COUNTS = pd.DataFrame([[8, 2, 0], [1, 9, 0], [0, 0, 0]], index=["cat", "dog", "eel"], columns=["cat", "dog", "eel"])
FACTS = pd.DataFrame(
    {
        "name": ["small", "large", "poor", "silent"],
        "family": ["MobileNet", "ResNet", "VGG", "VGG"],
        "top1": [70.0, 80.0, 60.0, np.nan],
        "params": [1e6, 1e7, 1e8, 1e6],
        "images_per_second": [50.0, 100.0, 80.0, 10.0],
    }
)
BALANCE = pd.DataFrame({"class_name": ["cat", "dog"], "images": [5, 7]})
EVERY_CHART = {
    "class_balance": charts.class_balance(BALANCE),
    "published": charts.published(FACTS),
    "accuracy_bars": charts.accuracy_bars(RUNS),
    "accuracy_time": charts.accuracy_time(RUNS),
    "confusion": charts.confusion(COUNTS),
    "per_class": charts.per_class(COUNTS),
}


def traces(figure) -> dict:
    return {trace.name: trace for trace in figure.data}


def test_every_family_has_a_colour_and_a_symbol():
    families = {facts.family for facts in BACKBONES.values()}
    assert families <= set(charts.FAMILY_COLOURS)
    assert families <= set(charts.FAMILY_SYMBOLS)


def test_no_two_families_look_the_same():
    looks = {(charts.FAMILY_COLOURS[family], charts.FAMILY_SYMBOLS[family]) for family in charts.FAMILY_COLOURS}
    assert len(looks) == len(charts.FAMILY_COLOURS) == len(set(charts.FAMILY_COLOURS.values()))


def test_a_hundred_classes_have_colours_and_the_first_ten_are_the_ten():
    colours = [charts.class_colour(index) for index in range(100)]
    assert colours[:10] == list(charts.CLASS_COLOURS)
    assert len(set(colours[:80])) == 80
    assert all(re.fullmatch("#[0-9a-f]{6}", colour) for colour in colours)


@pytest.mark.parametrize("name", ["class_balance", "per_class"])
def test_a_class_keeps_its_colour_in_every_chart(name: str):
    colours = EVERY_CHART[name].data[0].marker.color
    assert tuple(colours) == charts.CLASS_COLOURS[: len(colours)]


@pytest.mark.parametrize("name", EVERY_CHART)
def test_charts_let_the_theme_shine_through_and_name_their_axes(name: str):
    layout = EVERY_CHART[name].layout
    assert layout.paper_bgcolor == layout.plot_bgcolor == "rgba(0, 0, 0, 0)"
    assert layout.font.color is None
    assert layout.xaxis.title.text
    assert layout.yaxis.title.text or name == "accuracy_bars"  # there the rows are named by their runs


@pytest.mark.parametrize("name", EVERY_CHART)
def test_projector_size_enlarges_type_and_leaves_the_chart_alone(name: str):
    figure = EVERY_CHART[name]
    before = figure.to_json()
    larger = charts.enlarge(figure)
    assert larger.layout.xaxis.tickfont.size == pytest.approx(charts.ENLARGED * figure.layout.xaxis.tickfont.size)
    assert figure.to_json() == before
    assert [trace.type for trace in larger.data] == [trace.type for trace in figure.data]


def test_projector_size_enlarges_points_strokes_and_intervals():
    figure = EVERY_CHART["accuracy_time"]
    small, large = traces(figure), traces(charts.enlarge(figure))
    assert large["VGG"].marker.size == pytest.approx(charts.ENLARGED * small["VGG"].marker.size)
    assert large["VGG"].error_y.thickness == pytest.approx(charts.ENLARGED * small["VGG"].error_y.thickness)
    assert large["Pareto front"].line.width == pytest.approx(charts.ENLARGED * small["Pareto front"].line.width)


def test_the_pareto_front_leaves_out_what_something_else_beats():
    assert charts.pareto_front([1, 2, 3, 3], [5, 4, 6, 7]).tolist() == [True, False, False, True]


def test_of_equals_one_is_on_the_pareto_front():
    assert charts.pareto_front([1, 1], [5, 5]).sum() == 1
    assert charts.pareto_front([], []).tolist() == []


def test_more_parameters_cost_and_more_speed_gains():
    by_params = traces(charts.published(FACTS))["Pareto front"]
    by_speed = traces(charts.published(FACTS, against="images_per_second"))["Pareto front"]
    assert list(by_params.x) == [1e6, 1e7]
    assert list(by_speed.x) == [100]


def test_only_the_front_is_labelled_and_unpublished_accuracies_are_left_out():
    shown = traces(charts.published(FACTS))
    assert list(shown["MobileNet"].text) == ["small"]
    assert list(shown["VGG"].text) == [""]
    assert [id for (id,) in shown["VGG"].customdata] == ["poor"]
    assert shown["VGG"].marker.color == charts.FAMILY_COLOURS["VGG"]


def test_bars_are_sorted_and_carry_run_ids_and_intervals():
    bars = EVERY_CHART["accuracy_bars"].data[0]
    assert list(bars.y) == ["c", "b", "a"]  # the first is drawn lowest
    assert [facts[0] for facts in bars.customdata] == ["c", "b", "a"]
    assert bars.error_x.array == pytest.approx([10, 5, 3])
    assert bars.error_x.arrayminus == pytest.approx([10, 10, 2])


def test_runs_of_the_same_name_keep_their_own_bars_and_untrained_ones_say_so():
    axis = EVERY_CHART["accuracy_bars"].layout.yaxis
    assert list(axis.tickvals) == ["c", "b", "a"]
    assert axis.ticktext[0] == "MobileNetV2 linear 160 px (untrained)<br><b>50.0 %</b>"


def test_a_network_from_scratch_is_not_called_untrained():
    bars = charts.accuracy_bars(RUNS.assign(method="scratch"))
    assert not any("untrained" in text for text in bars.layout.yaxis.ticktext)


def test_runs_of_the_same_name_are_told_apart_by_their_settings():
    probes = RUNS.assign(weights_origin="imagenet", method="linear-adam")
    runs = probes.assign(learning_rate=[0.01, 0.01, 0.001], seed=[1, 1, 2])
    assert list(charts.accuracy_bars(runs).layout.yaxis.ticktext) == [
        "MobileNetV2 linear 160 px<br>learning rate 0.001, seed 2  <b>50.0 %</b>",
        "VGG16 linear 160 px<br><b>70.0 %</b>",
        "MobileNetV2 linear 160 px<br>learning rate 0.01, seed 1  <b>80.0 %</b>",
    ]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"hidden": [256, 1, 64]}, ["", ""]),  # linear probes do not read it
        ({"strength": [0.0, 0.0, 0.1]}, ["automatic L2 strength", "L2 strength 0.1"]),
        (
            {"method": "finetune", "unfreeze": ["all", "all", "layers"], "unfreeze_count": [30, 2, 30]},
            ["every layer", "the last 30 layers"],
        ),
        (
            {"method": "finetune", "unfreeze_count": [2, 2, 3], "dropout": [0.0, 0.0, 0.5]},
            ["dropout 0, the last 2 blocks", "dropout 0.5, the last 3 blocks"],
        ),
    ],
)
def test_only_settings_that_a_run_reads_tell_it_apart(settings: dict, said: list[str]):
    points = traces(charts.accuracy_time(RUNS.assign(weights_origin="imagenet", **settings)))["MobileNet"]
    name = "MobileNetV2 linear 160 px"
    assert [title for _, title, _ in points.customdata] == [name + (own and f", {own}") for own in said]


def test_a_cached_run_is_faint_and_not_on_the_front_of_times():
    shown = traces(EVERY_CHART["accuracy_time"])
    assert list(shown["Pareto front"].x) == [10]
    assert list(shown["MobileNet"].marker.opacity) == [1, 0.35]  # the cold one first
    assert list(shown["MobileNet"].marker.symbol) == ["circle", "circle-open"]
    assert EVERY_CHART["accuracy_time"].layout.xaxis.type == "log"


def test_a_cached_run_may_be_on_the_front_of_training_times():
    shown = traces(charts.accuracy_time(RUNS, seconds="seconds_train"))
    assert list(shown["Pareto front"].x) == [0.5, 1, 2]


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


def test_charts_of_no_runs_are_empty_not_broken():
    assert len(charts.accuracy_bars(RUNS.head(0)).data[0].x) == 0
    assert len(charts.accuracy_time(RUNS.head(0)).data) == 1


def test_runs_that_differ_in_pixels_or_images_alone_are_told_apart():
    alike = RUNS.assign(name="VGG16", weights_origin="imagenet", preprocessing=["own", "divide255", "own"])
    assert list(charts.accuracy_bars(alike).layout.yaxis.ticktext) == [
        "VGG16<br><b>50.0 %</b>",
        "VGG16<br>divided by 255  <b>70.0 %</b>",
        "VGG16<br><b>80.0 %</b>",
    ]
    said = charts.accuracy_bars(alike.assign(n_train_used=[20, 500, 2000])).layout.yaxis.ticktext
    assert said[-1] == "VGG16<br>20 images  <b>80.0 %</b>"


@pytest.mark.parametrize("names", [("0", "1", "10", "2"), ("001", "002"), ("2024-05", "2024-06"), ("NA", "nan", "1e5")])
def test_class_names_that_look_like_something_else_are_categories_in_their_order(names):
    counts = pd.DataFrame(np.eye(len(names), dtype=int), index=list(names), columns=list(names))
    matrix = charts.confusion(counts)
    assert (matrix.layout.xaxis.type, matrix.layout.yaxis.type) == ("category", "category")
    assert tuple(matrix.data[0].x) == tuple(matrix.data[0].y) == names
    balance = charts.class_balance(pd.DataFrame({"class_name": list(names), "images": range(len(names))}))
    counted = charts.counted(dict.fromkeys(names, 3), names)
    assert balance.layout.xaxis.type == charts.per_class(counts).layout.xaxis.type == "category"
    assert "category" in (counted.layout.xaxis.type, counted.layout.yaxis.type)
    assert balance.layout.yaxis.type is None


def test_long_class_names_are_short_below_bars_and_whole_under_the_pointer():
    names = [f"{'<i>' * 40}{number}" for number in range(2)]
    counts = pd.DataFrame(np.eye(2, dtype=int), index=names, columns=names)
    for figure in (
        charts.per_class(counts),
        charts.class_balance(pd.DataFrame({"class_name": names, "images": [1, 2]})),
        run_charts.per_class_of_two(counts, counts, ("A", "B")),
    ):
        axis, bars = figure.layout.xaxis, figure.data[0]
        assert [html.unescape(text) for text in axis.ticktext] == [f"{names[0][:39]}…"] * 2
        assert tuple(axis.tickvals) == tuple(bars.x) == tuple(bars.hovertext) and len(set(bars.x)) == 2
        assert "%{hovertext}" in bars.hovertemplate and "%{x}" not in bars.hovertemplate
    assert charts.per_class(COUNTS).layout.xaxis.ticktext is None
    matrix = charts.confusion(counts)
    assert matrix.layout.xaxis.ticktext == matrix.layout.yaxis.ticktext == axis.ticktext
    assert matrix.data[1].hovertext[1] == f"<b>{bars.x[0]}</b> predicted as <b>{bars.x[1]}</b>"


def test_names_with_tags_are_shown_as_they_are_and_found_again_when_clicked():
    names = ["<b>bold<i>", "salt &amp; pepper"]
    counts = pd.DataFrame(np.eye(2, dtype=int), index=names, columns=names)
    values = np.array([0.9, 0.1])
    drawn = [
        charts.class_balance(pd.DataFrame({"class_name": names, "images": [1, 2]})),
        charts.counted(dict.fromkeys(names, 3), names),
        charts.confusion(counts),
        charts.per_class(counts),
        charts.accuracy_bars(RUNS.assign(name=names[0])),
        run_charts.per_class_of_two(counts, counts, (names[0], names[1])),
        run_charts.probabilities(names, values),
        run_charts.paired(metrics.Paired(1, 2, 3, 4, 1.0), *names),
        similarities.answers(names, values, values),
        similarities.matrix(names, names, np.eye(2)),
    ]
    for figure in drawn:
        for trace in figure.data:
            trace.customdata = None
        text = html.unescape(figure.to_json().replace("\\u003c", "<").replace("\\u003e", ">").replace("\\u0026", "&"))
        assert "&lt;b&gt;bold" not in text  # escaped once, not twice
        assert "<b>bold<i>" not in figure.to_json().replace("\\u003c", "<").replace("\\u003e", ">")
        assert "<b>bold<i>" in text
    cells = charts.confusion(counts).data[1].customdata
    assert {tuple(cell[:2]) for cell in cells} == {(a, b) for a in names for b in names}
