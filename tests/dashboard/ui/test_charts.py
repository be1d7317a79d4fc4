"""Charts are judged by their spec: what is drawn, where, in which colour, with which id."""

import html

import numpy as np
import pandas as pd
import pytest

from core import metrics
from dashboard.compare import charts as compare_charts
from dashboard.ui import charts, class_charts, run_charts
from dashboard.zero_shot import charts as similarities
from tests.dashboard.drawn import EVERY_CHART, RUNS, traces


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


def test_names_with_tags_are_shown_as_they_are_and_found_again_when_clicked():
    names = ["<b>bold<i>", "salt &amp; pepper"]
    counts = pd.DataFrame(np.eye(2, dtype=int), index=names, columns=names)
    values = np.array([0.9, 0.1])
    drawn = [
        class_charts.class_balance(pd.DataFrame({"class_name": names, "images": [1, 2]})),
        class_charts.counted(dict.fromkeys(names, 3), names),
        class_charts.confusion(counts),
        class_charts.per_class(counts),
        compare_charts.accuracy_bars(RUNS.assign(name=names[0])),
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
    cells = class_charts.confusion(counts).data[1].customdata
    assert {tuple(cell[:2]) for cell in cells} == {(a, b) for a in names for b in names}
