"""What is said and drawn of few-shot curves."""

import pytest

from core.evaluation.few_shot import Crossing, Curve, Point
from core.metrics import Interval
from dashboard.few_shot import curves

NEVER = float("inf")
CURVE = Curve((Point(1, 10, (0.2, 0.4), (1.0, 1.0)), Point(4, 40, (0.5, 0.7), (0.1, 0.3))), 10, 100, 2, True, 1.0, "")


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (Crossing(22.6, 14.2, 41.0, 1, 180), "needs about **23 labelled images a class** to reach it (from 14 to 41)."),
        (Crossing(150, 90, NEVER, 1, 180), "(from 90 to more than the 180 available)."),
        (
            Crossing(NEVER, NEVER, NEVER, 1, 180),
            "All 180 labelled images a class are not enough for **X** to reach it.",
        ),
        (Crossing(NEVER, 120, NEVER, 1, 180), "it is close: from 120"),
        (Crossing(1, 1, 1, 1, 180), "**X** reaches it with only 1 labelled image a class, whichever"),
    ],
)
def test_a_crossing_is_told_with_its_uncertainty(found, said):
    assert said in curves.sentence("X", "it", found, complete=True)


def test_a_curve_under_way_does_not_speak_of_all_images():
    text = curves.sentence("X", "it", Crossing(NEVER, NEVER, NEVER, 1, 8), complete=False)
    assert text.startswith("Up to 8 labelled images a class are not enough")


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
