"""What may explain a difference between runs is decided from their settings and times."""

import pytest

from core.config import RunConfig
from core.evaluation import explanation
from core.runs import RunRow
from tests.run_rows import row


def run(name: str, backbone: str = "MobileNetV2", **facts):
    usual = {"accuracy": 0.8, "seconds": 10.0, "seconds_train": 2.0, "weights_origin": "imagenet"}
    return row(id=name, backbone=backbone, **usual | facts)


def test_dividing_by_255_is_a_mistake_only_with_pretrained_weights():
    assert explanation.mistakes(run("a", preprocessing="divide255"))
    assert not explanation.mistakes(run("a", preprocessing="divide255", weights_origin="untrained"))
    assert explanation.mistakes(run("a", method="finetune", recipe="book-as-printed"))
    assert not explanation.mistakes(run("a"))


def test_the_sound_runs_are_ranked_and_only_faster_mistakes_are_named():
    runs = [
        run("slow", seconds=30.0),
        run("next", seconds=12.0, method="knn"),
        run("best", seconds=10.0, input_size=96),
        run("wrong and fast", seconds=5.0, preprocessing="divide255"),
        run("wrong and slow", seconds=20.0, preprocessing="divide255", input_size=96),
        run("cached", seconds=1.0, cached=True),
    ]
    ranking = explanation.fastest(runs, "seconds")
    assert [one.id for one in ranking.sound] == ["best", "next", "slow"]
    assert [one.id for one in ranking.mistaken] == ["wrong and fast"]
    assert [one.id for one in ranking.left_out] == ["cached"]


def test_the_same_settings_again_are_not_the_next():
    ranking = explanation.fastest([run("a", seconds=10.0), run("b", seconds=11.0)], "seconds")
    assert [one.id for one in ranking.sound] == ["a"]


def test_ranking_many_runs_compares_no_two_of_them(monkeypatch):
    monkeypatch.setattr(RunRow, "__eq__", lambda one, other: pytest.fail("as often as the square of their number"))
    runs = [run(str(number), seed=number, cached=number % 2 == 0) for number in range(9)]
    assert len(explanation.fastest(runs, "seconds").left_out) == 5


def test_the_pair_is_the_best_run_and_the_most_alike_of_another_backbone():
    runs = [
        run("best", accuracy=0.9, input_size=160),
        run("same backbone", accuracy=0.89, input_size=96),
        run("better but unlike", "VGG16", accuracy=0.85, method="knn", input_size=96),
        run("alike", "VGG16", accuracy=0.7, input_size=160),
        run("wrong", accuracy=0.95, preprocessing="divide255"),
    ]
    first, second = explanation.pair(runs) or (None, None)
    assert first and second and (first.id, second.id) == ("best", "alike")
    assert explanation.pair(runs[:1]) is None


@pytest.mark.parametrize(
    ("changes", "differ"),
    [
        ({}, ()),
        ({"input_size": 96}, ("input size",)),
        ({"method": "knn"}, ("method",)),
        ({"preprocessing": "divide255"}, ("pixels",)),
        ({"n_train": 100}, ("training images",)),
        ({"epochs": 7}, ()),  # which a linear probe does not read
    ],
)
def test_settings_that_are_not_the_architecture(changes, differ):
    first = RunConfig(backbone="MobileNetV2", input_size=160)
    second = RunConfig(**{"backbone": "VGG16", "input_size": 160} | changes)
    assert explanation.other_settings(first, second) == differ


def test_the_epochs_of_two_fine_tunes_differ():
    first = RunConfig(backbone="MobileNetV2", method="finetune", input_size=160, epochs=3)
    second = RunConfig(backbone="VGG16", method="finetune", input_size=160, epochs=5, start="a-probe")
    assert explanation.other_settings(first, second) == ("epochs", "head")


def test_the_fair_run_has_the_settings_of_the_better_one():
    first = RunConfig(backbone="MobileNetV2", input_size=160, n_train=500)
    wanted = explanation.fair(first, RunConfig(backbone="VGG16", method="knn"))
    assert wanted == RunConfig(backbone="VGG16", input_size=160, n_train=500)
    assert explanation.fair(first, wanted) is None


def test_a_backbone_with_one_size_keeps_it_in_the_fair_run():
    wanted = explanation.fair(RunConfig(input_size=160), RunConfig(backbone="ToyCLIP", method="zero-shot"))
    assert wanted == RunConfig(backbone="ToyCLIP", method="linear")


def test_a_network_from_scratch_is_fair_only_against_another_from_scratch():
    wanted = explanation.fair(RunConfig(input_size=160), RunConfig(backbone="CustomCNN", method="scratch"))
    assert wanted is not None
    assert (wanted.backbone, wanted.method) == ("EfficientNetLite0", "scratch")


def test_what_trains_nothing_is_not_ranked_by_training_time():
    clip = run("clip", "ToyCLIP", method="zero-shot", input_size=32, seconds_train=0.0)
    ranking = explanation.fastest([clip, run("knn", method="knn", seconds_train=0.1), run("linear")], "seconds_train")
    assert [one.id for one in ranking.sound] == ["linear"]
    assert [one.id for one in ranking.left_out] == ["clip", "knn"]
