"""The published accuracy of backbones: the front is labelled, what is not published is left out."""

from dashboard.backbones import accuracy_chart
from dashboard.ui import colours
from tests.dashboard.drawn import FACTS, traces


def test_more_parameters_cost_and_more_speed_gains():
    by_params = traces(accuracy_chart.published(FACTS))["Pareto front"]
    by_speed = traces(accuracy_chart.published(FACTS, against="images_per_second"))["Pareto front"]
    assert list(by_params.x) == [1e6, 1e7]
    assert list(by_speed.x) == [100]


def test_only_the_front_is_labelled_and_unpublished_accuracies_are_left_out():
    shown = traces(accuracy_chart.published(FACTS))
    assert list(shown["MobileNet"].text) == ["small"]
    assert list(shown["VGG"].text) == [""]
    assert [id for (id,) in shown["VGG"].customdata] == ["poor"]
    assert shown["VGG"].marker.color == colours.FAMILY_COLOURS["VGG"]
