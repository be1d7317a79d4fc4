"""A zero-shot run stands beside what was published for its model, with what differs."""

from types import SimpleNamespace

import pytest
from streamlit.testing.v1 import AppTest

from core import backbones
from core.zero_shot import published as figures
from dashboard.run import published
from tests.run_rows import row


def outcome(**facts) -> SimpleNamespace:
    usual = {
        "accuracy": 0.88,
        "accuracy_low": 0.85,
        "accuracy_high": 0.90,
        "n_test": 500,
        "weights_origin": "published",
    }
    return SimpleNamespace(**usual | facts)


def run(**facts):
    return row(**{"backbone": "CLIPViTB32", "dataset": "cifar10-sample", "method": "zero-shot"} | facts)


def page(run, outcome):
    from dashboard.run import published

    published.show(run, outcome)


@pytest.mark.slow
def test_the_published_accuracy_the_distance_and_whether_chance_explains_it_are_told():
    shown = AppTest.from_function(page, args=(run(), outcome())).run()
    assert shown.markdown[0].value == (
        "Published for CLIPViTB32 on CIFAR-10: **89.8 %**. This run is 1.8 points below; the published figure lies "
        "within its 95 % interval."
    )
    surer = outcome(accuracy=0.92, accuracy_low=0.91, accuracy_high=0.93)
    shown = AppTest.from_function(page, args=(run(), surer)).run()
    assert "2.2 points above; the published figure lies outside" in shown.markdown[0].value


@pytest.mark.parametrize(
    ("facts", "origin"),
    [
        ({"backbone": "ToyCLIP"}, "published"),
        ({"dataset": "my-photos"}, "published"),
        ({"method": "knn"}, "published"),
        ({}, "untrained"),
    ],
)
def test_where_nothing_was_published_nothing_is_said(facts, origin):
    assert not AppTest.from_function(page, args=(run(**facts), outcome(weights_origin=origin))).run().markdown


def test_only_what_differs_is_named():
    alike = published.reasons(run(dataset="cifar10", templates="cifar18"), outcome(n_test=10_000))
    assert len(alike) == 1 and alike[0].startswith("**Resolution and crop.**")
    other = published.reasons(
        run(templates="a {}\nthe {}", classes="\n".join("abcdefghij")), outcome(weights_origin="file")
    )
    assert [reason.split(".")[0].strip("*") for reason in other[:-1]] == [
        "Images",
        "Templates",
        "Class names",
        "Weights",
    ]
    assert "2 templates" in other[1] and "500 test images" in other[0]


def test_every_published_clip_has_figures_and_a_sample_has_those_of_the_whole():
    assert set(figures.ACCURACY) == {
        name for name, facts in backbones.BACKBONES.items() if facts.family == backbones.CLIP and facts.zero_shot
    }
    assert figures.find("CLIPViTB32", "cifar10-sample") == figures.find("CLIPViTB32", "cifar10") == ("cifar10", 0.8983)
