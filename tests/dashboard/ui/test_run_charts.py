"""Charts of one run and of two are judged by their spec, as all charts are."""

import numpy as np
import pandas as pd
import pytest

from core import metrics
from dashboard.ui import charts, run_charts

STAGES = pd.DataFrame(
    {
        "name": ["head", "finetune"],
        "accuracy": [0.8, 0.85],
        "accuracy_low": [0.78, 0.83],
        "accuracy_high": [0.82, 0.87],
    }
)
LABELS = np.array([0] * 20 + [1] * 20)
PROBABILITIES = np.array([[0.95, 0.05]] * 30 + [[0.55, 0.45]] * 10)
BINS = metrics.calibration_bins(LABELS, PROBABILITIES, 10)
PAIRED = metrics.Paired(both=5, only_first=3, only_second=2, neither=1, p_value=0.5)
COUNTS = pd.DataFrame([[8, 2, 0], [1, 9, 0], [0, 0, 0]], index=["cat", "dog", "eel"], columns=["cat", "dog", "eel"])
EVERY_CHART = {
    "accuracies": run_charts.accuracies(STAGES),
    "calibration": run_charts.calibration(BINS),
    "paired": run_charts.paired(PAIRED, "A", "B"),
    "per_class_of_two": run_charts.per_class_of_two(COUNTS, COUNTS, ("A", "B")),
    "probabilities": run_charts.probabilities(["cat", "dog", "eel", "fox"], np.array([0.1, 0.6, 0.05, 0.25])),
}


def traces(name: str) -> dict:
    return {trace.name: trace for trace in EVERY_CHART[name].data}


@pytest.mark.parametrize("name", EVERY_CHART)
def test_charts_let_the_theme_shine_through_and_name_their_axes(name: str):
    figure = EVERY_CHART[name]
    assert figure.layout.paper_bgcolor == figure.layout.plot_bgcolor == "rgba(0, 0, 0, 0)"
    assert figure.layout.font.color is None
    assert any(axis.title.text for axis in figure.select_xaxes())


@pytest.mark.parametrize("name", EVERY_CHART)
def test_projector_size_enlarges_type_and_leaves_the_chart_alone(name: str):
    figure = EVERY_CHART[name]
    before = figure.to_json()
    larger = charts.enlarge(figure)
    assert larger.layout.xaxis.tickfont.size == pytest.approx(charts.ENLARGED * figure.layout.xaxis.tickfont.size)
    assert figure.to_json() == before


def test_stages_are_drawn_in_their_order_from_above_with_intervals():
    bars = EVERY_CHART["accuracies"].data[0]
    assert list(bars.y) == ["finetune", "head"]  # the first is drawn lowest
    assert bars.error_x.array == pytest.approx([2, 2])
    assert list(EVERY_CHART["accuracies"].layout.yaxis.ticktext) == [
        "Fine-tuned   <b>85.0 %</b>",
        "Head alone, backbone frozen   <b>80.0 %</b>",
    ]


def test_calibration_draws_only_bins_with_images_each_at_its_confidence():
    line, accuracy, images = EVERY_CHART["calibration"].data
    assert list(line.x) == list(line.y) == [0, 100]
    assert list(accuracy.x) == pytest.approx([55, 95])
    assert list(accuracy.y) == pytest.approx([0, 100 * 20 / 30])
    assert list(images.y) == [10, 30]
    assert sum(images.y) == len(LABELS)


def test_a_bin_of_few_images_is_faint():
    few = run_charts.calibration(metrics.calibration_bins(LABELS[:32], PROBABILITIES[:32], 10)).data[1]
    assert few.marker.opacity[0] < few.marker.opacity[1]


def test_every_image_that_two_runs_saw_is_in_one_part_of_the_bar():
    shown = {name: trace.x[0] for name, trace in traces("paired").items()}
    assert shown == {"Both right": 5, "Right only by A": 3, "Right only by B": 2, "Both wrong": 1}
    assert list(EVERY_CHART["paired"].layout.xaxis.range) == [0, 11]
    assert EVERY_CHART["paired"].layout.barmode == "stack"


def test_two_runs_keep_their_colours_in_every_chart_of_both():
    assert traces("paired")["Right only by A"].marker.color == traces("per_class_of_two")["A"].marker.color
    assert traces("paired")["Right only by B"].marker.color == traces("per_class_of_two")["B"].marker.color


def test_classes_of_two_runs_stand_side_by_side_and_an_absent_one_is_not_drawn_as_zero():
    for name in ("A", "B"):
        bars = traces("per_class_of_two")[name]
        assert list(bars.x) == ["cat", "dog", "eel"]
        assert bars.y[:2] == pytest.approx([80, 90])
        assert np.isnan(bars.y[2])


def test_the_most_probable_classes_are_named_the_first_on_top():
    bars = EVERY_CHART["probabilities"].data[0]
    assert list(bars.y) == ["cat", "fox", "dog"]
    assert list(bars.text) == ["10.0 %", "25.0 %", "60.0 %"]
