"""The sentences about runs: true to the numbers, and no bolder than they are."""

from dataclasses import replace

import pytest

from core import runs
from core.evaluation import comparison
from core.runs import RunRow
from dashboard.ui import answers
from tests.run_rows import row


def run(backbone: str, accuracy: float, margin: float = 0.01, extract: float = 10.0, **changes) -> RunRow:
    usual = {
        "dataset": "cifar10",
        "method": "linear",
        "input_size": 160,
        "weights_origin": "imagenet",
        "hardware": "Machine A",
        "n_test": 500,
        "n_train": 2000,
        "seconds_load": 1.0,
        "seconds_train": 2.0,
        "seconds_evaluate": 1.0,
        "images_per_second": 3000 / extract,
    }
    return row(
        id=f"{backbone}-{accuracy}",
        name=f"{backbone} linear 160 px",
        backbone=backbone,
        accuracy=accuracy,
        accuracy_low=accuracy - margin,
        accuracy_high=accuracy + margin,
        seconds_extract=extract,
        seconds=extract + 4,
        **usual | changes,
    )


def three_questions(rows: list[RunRow]) -> tuple[answers.Answer, ...]:
    return answers.three_questions(rows, comparison.by_counts, comparison.unfreezing_by_counts)


def text(rows: list[RunRow], question: int) -> str:
    return three_questions(rows)[question].text


def test_a_clear_winner_is_named_with_its_lead_and_its_hardware():
    said = text([run("MobileNetV2", 0.80), run("ResNet50", 0.872)], 0)
    assert "ResNet50 (linear, 160 px): 87.2 % of 500 test images" in said
    assert "7.2 points better than MobileNetV2" in said
    assert "measured on Machine A" in said


def test_overlapping_intervals_are_too_close_to_call():
    said = text([run("MobileNetV2", 0.86, 0.02), run("ResNet50", 0.871, 0.02)], 0)
    assert "too close to call" in said and "on 500 test images" in said
    assert "points better" not in said


def test_the_lead_is_the_same_whichever_run_comes_first():
    first, second = run("MobileNetV2", 0.84), run("ResNet50", 0.871)
    assert (
        answers.compare(first, second, comparison.by_counts).split(":")[1]
        == answers.compare(second, first, comparison.by_counts).split(":")[1]
    )


def test_the_fastest_extracted_its_features_itself():
    cached = run("ResNet50", 0.87, extract=0.1, cached=True, images_per_second=float("nan"))
    said = text([run("VGG16", 0.8, extract=96), run("MobileNetV2", 0.84, extract=6), cached], 1)
    assert said.startswith("MobileNetV2 (linear, 160 px) took 10 s to extract features, train and evaluate")
    assert "VGG16 (linear, 160 px), took 10.0 times as long" in said
    assert "1 run left out: it read features from the cache" in said


def test_with_only_cached_runs_heads_are_timed_not_backbones():
    rows = [run(name, 0.8, extract=0.1, cached=True, images_per_second=float("nan")) for name in ("VGG16", "ResNet50")]
    said = text(rows, 1)
    assert "to train the head on cached features" in said
    assert "too close to call from one timing each" in said


def test_different_machines_are_timed_apart():
    said = text([run("VGG16", 0.8, extract=96), run("VGG16", 0.8, extract=6, hardware="Machine B")], 1)
    assert "measured on Machine A" in said
    assert "measured on Machine B" in said
    assert "times as long" not in said


def test_the_explanation_is_made_of_the_facts_of_the_backbones():
    said = text([run("VGG16", 0.8, extract=96), run("MobileNetV2", 0.84, extract=6)], 2)
    assert "VGG16 (linear, 160 px) (2014) has 13 layers with weights and 14.7 M parameters" in said
    assert "160 px images into 512 features, 31 images/s measured" in said
    assert "Extracting features was 93 % of the time" in said


def test_pairs_of_backbones_are_counted_only_from_three_on():
    rows = [run("MobileNetV2", 0.84, extract=6), run("ResNet50", 0.87, extract=20), run("VGG16", 0.80, extract=90)]
    assert "pairs" not in text(rows[:2], 2)
    said = text(rows, 2)
    # parameters 2.3, 23.6, 14.7 M, seconds 6, 20, 90: VGG16 has fewer than ResNet50 and takes longer
    assert "In 2 of 3 pairs of backbones, more parameters went with more time an image." in said
    # published 71.3, 74.9, 71.3 %: MobileNetV2 and VGG16 are equal there, and say nothing
    assert (
        "In 2 of 2 pairs of backbones, a higher published ImageNet accuracy went with a higher accuracy here." in said
    )


def test_untrained_weights_are_marked_wherever_the_run_is_named():
    frame = [run("VGG16", 0.4, weights_origin="untrained")]
    for answer in three_questions(frame):
        assert "VGG16 (linear, 160 px, untrained weights)" in answer.text
    assert "1 run has untrained weights" in answers.warnings(frame)[0]


def test_runs_without_an_outcome_are_not_asked():
    assert three_questions([run("VGG16", float("nan"), status="failed")]) == ()
    assert answers.warnings([]) == ()


def test_comparable_runs_need_no_warning():
    assert answers.warnings([run("VGG16", 0.8), run("ResNet50", 0.9)]) == ()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"hardware": "Machine B"}, "the hardware differs: Machine A (1 run) and Machine B (1 run)"),
        ({"n_train": 100.0}, "training images: the number of them differs"),
        ({"train_split": "probe20"}, "different parts of the training images"),
        ({"preprocessing": "divide255"}, "different preprocessing"),
        ({"cached": True}, "1 run has features from the cache"),
    ],
)
def test_what_makes_runs_incomparable_is_said(change: dict, sentence: str):
    (warning,) = answers.warnings([run("VGG16", 0.8), run("ResNet50", 0.9, **change)])
    assert sentence in warning


def test_only_differences_keeps_what_differs_and_the_names():
    frame = runs.table([run("VGG16", 0.8), run("ResNet50", 0.9)])
    assert {"run_id", "name", "backbone", "accuracy"} <= set(answers.only_differences(frame).columns)
    assert not {"dataset", "hardware", "error"} & set(answers.only_differences(frame).columns)
    assert list(answers.only_differences(frame.head(1)).columns) == runs.COLUMNS


def test_what_unfreezing_gave_is_said_of_each_fine_tune():
    tuned = run("MobileNetV2", 0.871, method="finetune", unfreeze="layers", unfreeze_count=30, frozen_accuracy=0.84)
    said = text([tuned, run("VGG16", 0.8)], 0)
    assert "MobileNetV2 (fine-tune of the last 30 layers, 160 px): 87.1 %" in said
    assert "3.2 points apart (87.2 against 84.0 %), too close to call" in said
    many = text([replace(tuned, n_test=5000), run("VGG16", 0.8)], 0)
    assert "fine-tune is 3.1 points better than the frozen backbone (87.1 against 84.0 %)" in many
    one = text([replace(tuned, config=replace(tuned.config, unfreeze_count=1))], 0)
    assert "MobileNetV2 (fine-tune of the last layer, 160 px)" in one


def test_a_network_from_scratch_is_not_blamed_for_its_untrained_weights():
    custom = run("CustomCNN", 0.6, method="scratch", weights_origin="untrained", trainable_params=2e6, total_params=4e6)
    frame = [custom, run("VGG16", 0.8)]
    assert not any("untrained" in warning for warning in answers.warnings(frame))
    said = text(frame, 2)
    assert "2.00 M of its parameters (50 %) trained, and started without pretraining" in said


def test_two_runs_that_differ_in_pixels_or_images_alone_are_told_apart():
    said = text([run("ResNet50", 0.8), run("ResNet50", 0.43, preprocessing="divide255")], 0)
    assert "points better than ResNet50 (linear, 160 px, pixels divided by 255)" in said
    said = text([run("ResNet50", 0.8), run("ResNet50", 0.43, n_train=20.0)], 0)
    assert "ResNet50 (linear, 160 px, 2,000 training images) is 37.0 points better than" in said
    assert "ResNet50 (linear, 160 px, 20 training images)" in said
