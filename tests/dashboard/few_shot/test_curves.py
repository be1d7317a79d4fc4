"""What is said and drawn of few-shot curves."""

import pytest

from core.evaluation.few_shot import Crossing, Curve, Point
from core.metrics import Interval
from dashboard.few_shot import curves
from dashboard.ui.colours import FAMILY_COLOURS

NEVER = float("inf")
CURVE = Curve((Point(1, 10, (0.2, 0.4), (1.0, 1.0)), Point(4, 40, (0.5, 0.7), (0.1, 0.3))), 10, 100, 2, True, 1.0, "")


def _curve(*accuracies: tuple[float, ...], n_test: int = 500) -> Curve:
    points = tuple(Point(2**i, 10 * 2**i, each, (1.0,) * len(each)) for i, each in enumerate(accuracies))
    return Curve(points, 10, n_test, len(accuracies[0]), True, 1.0, "")


def test_the_answer_names_the_better_backbone_at_the_largest_size_of_few_images():
    good, poor = _curve((0.5, 0.6), (0.6, 0.7), (0.7, 0.8), (0.9, 0.9)), _curve((0.2, 0.3), (0.3, 0.3), (0.4, 0.5))
    text = curves.answer({"Poor": poor, "Good": good}, {"its zero-shot": Interval(0.65, 0.6, 0.7)})
    assert text.startswith("With 4 labelled images per class, **Good** is right on 75.0 % (2 draws: 70.0 to 80.0 %)")
    assert "**Poor** on 45.0 % (2 draws: 40.0 to 50.0 %) of 500 test images." in text
    assert "Good is 30.0 points better than Poor" in text
    assert "**Good** needs about **2 labelled images per class** to reach its zero-shot" in text


@pytest.mark.parametrize(
    ("first", "second", "n_test"),
    [
        ((0.50, 0.52), (0.53, 0.51), 10_000_000),  # not in every draw
        ((0.50, 0.52), (0.53, 0.55), 100),  # too few test images
    ],
)
def test_a_difference_within_noise_is_too_close_to_call(first, second, n_test):
    text = curves.answer({"A": _curve(first, n_test=n_test), "B": _curve(second, n_test=n_test)}, {})
    assert "too close to call" in text
    assert "better" not in text


def test_one_backbone_alone_is_compared_with_all_its_images():
    text = curves.answer({"A": _curve((0.2,), (0.3,), (0.4,), (0.5,))}, {})
    assert text.endswith("With 8 labelled images per class, it is right on 50.0 %.")


def test_lines_have_the_colour_of_their_family_and_dashes_tell_its_members_apart():
    figure = curves.chart(dict.fromkeys(("VGG16", "VGG19", "ResNet50"), CURVE), {})
    lines = {trace.name: trace.line for trace in figure.data if trace.name}
    assert lines["VGG16"].color == lines["VGG19"].color == FAMILY_COLOURS["VGG"]
    assert lines["VGG16"].dash != lines["VGG19"].dash
    assert lines["ResNet50"].color == FAMILY_COLOURS["ResNet"]


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (Crossing(22.6, 14.2, 41.0, 1, 180), "about **23 labelled images per class** to reach it (from 14 to 41)."),
        (Crossing(150, 90, NEVER, 1, 180), "(from 90 to more than the 180 available)."),
        (
            Crossing(NEVER, NEVER, NEVER, 1, 180),
            "All 180 labelled images per class are not enough for **X** to reach it.",
        ),
        (Crossing(NEVER, 120, NEVER, 1, 180), "it is close: from 120"),
        (Crossing(1, 1, 1, 1, 180), "**X** reaches it with only 1 labelled image per class, whichever"),
    ],
)
def test_a_crossing_is_told_with_its_uncertainty(found, said):
    assert said in curves.sentence("X", "it", found, complete=True)


def test_a_curve_under_way_does_not_speak_of_all_images():
    text = curves.sentence("X", "it", Crossing(NEVER, NEVER, NEVER, 1, 8), complete=False)
    assert text.startswith("Up to 8 labelled images per class are not enough")


def test_means_and_lines_are_drawn_in_percent_on_a_log_axis():
    figure = curves.chart({"X": CURVE}, {"zero": Interval(0.6, 0.5, 0.7)})
    (means,) = [trace for trace in figure.data if trace.name == "X"]
    assert list(means.y) == pytest.approx([30, 60]) and list(means.x) == [1, 4]
    (line,) = [trace for trace in figure.data if trace.name == "zero"]
    assert list(line.y) == [60, 60]
    assert figure.layout.xaxis.type == "log"


def test_the_table_has_a_row_for_each_size():
    table = curves.table({"X": CURVE})
    assert table["Mean accuracy (%)"].tolist() == pytest.approx([30, 60])
    assert table["L2 strengths"].tolist() == ["1, 1", "0.1, 0.3"]
