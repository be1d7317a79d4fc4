"""Charts of many runs: each has its own bar or point, with what tells it from the others."""

import pytest

from dashboard.compare import charts
from tests.dashboard.drawn import EVERY_CHART, RUNS, traces


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
