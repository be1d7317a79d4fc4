"""The sentences about runs: true to the numbers, and no bolder than they are."""

from dataclasses import replace

import pytest

from core import runs
from core.evaluation import comparison
from core.evaluation.leaks import Leaks
from core.metrics import Interval
from core.runs import RunRow
from dashboard.ui import answers, explanations
from tests.run_rows import row

MACS = {("VGG16", 160): 7_800_000_000, ("MobileNetV2", 160): 156_000_000}


def run(backbone: str, accuracy: float, margin: float = 0.01, extract: float = 10.0, **changes) -> RunRow:
    usual = {
        "dataset": "cifar10",
        "method": "linear",
        "input_size": 160,
        "weights_origin": "imagenet",
        "hardware": "Machine A",
        "protocol": "32 px, float32, seed 0",
        "n_test": 500,
        "n_train": 2000,
        "seconds_load": 1.0,
        "seconds_train": 2.0,
        "seconds_evaluate": 1.0,
        "images_per_second": 3000 / extract,
    }
    usual |= changes
    made = row(
        id=f"{backbone}-{accuracy}",
        backbone=backbone,
        accuracy=accuracy,
        accuracy_low=accuracy - margin,
        accuracy_high=accuracy + margin,
        seconds_extract=extract,
        seconds=extract + 4,
        **usual,
    )
    return replace(made, name=runs.default_name(made.config))


def three_questions(rows: list[RunRow], leaks_of: answers.LeaksOf = lambda run: None) -> tuple[answers.Answer, ...]:
    return answers.three_questions(
        rows, "CIFAR-10", comparison.by_counts, comparison.unfreezing_by_counts, leaks_of, lambda *net: MACS.get(net)
    )


def text(rows: list[RunRow], question: int) -> str:
    return three_questions(rows)[question].text


def test_a_clear_winner_is_named_with_its_lead():
    said = text([run("MobileNetV2", 0.80), run("ResNet50", 0.872)], 0)
    assert "ResNet50 (linear, 160 px): 87.2 % of 500 test images" in said
    assert "7.2 points better than MobileNetV2" in said


def test_a_winner_on_leaked_test_images_is_not_named_without_saying_so():
    best, other = run("ResNet50", 0.90), run("VGG16", 0.80)
    leaks = {best.id: Leaks(20, 500, Interval(0.89, 0.86, 0.92)), other.id: Leaks(20, 500, Interval(0.81, 0.7, 0.9))}
    said = three_questions([best, other], lambda run: leaks[run.id])[0].text
    assert "But 20 of the 500 test images are nearly training images (4.0 %); on the 480 others its accuracy is" in said
    assert "89.0 % (95 % interval 86.0 to 92.0 %)" in said
    assert "Without these test images the accuracy of VGG16 (linear, 160 px) is 81.0 %." in said


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


def test_training_time_and_whole_time_are_told_apart():
    cached = run("ResNet50", 0.87, extract=0.1, cached=True, images_per_second=float("nan"), seconds_train=0.5)
    training, whole = three_questions([run("VGG16", 0.8, extract=96), run("MobileNetV2", 0.84, extract=6), cached])[
        1
    ].sentences
    assert training.startswith("Training alone: ResNet50 (linear, 160 px) was fastest, 0.5 s.")
    assert "VGG16 (linear, 160 px), took 4.0 times as long (2.0 s)" in training
    assert "MobileNetV2 (linear, 160 px) was fastest, 10 s." in whole
    assert "The next, VGG16 (linear, 160 px), took 10 times as long (1 min 40 s)" in whole
    assert "Left out: 1 run that read features from the cache." in whole


def test_the_next_is_the_next_though_its_backbone_is_the_same():
    rows = [run("VGG16", 0.8, extract=96), run("MobileNetV2", 0.84, extract=6)]
    whole = three_questions([*rows, run("MobileNetV2", 0.82, extract=8, method="knn")])[1].sentences[1]
    assert "The next, MobileNetV2 (nearest neighbours, 160 px), took 1.2 times as long (12 s)." in whole
    assert "The next backbone, VGG16 (linear, 160 px), took 10 times as long" in whole


def test_a_run_with_a_known_mistake_does_not_win_unsaid():
    wrong = run("MobileNetV2", 0.3, extract=1, preprocessing="divide255")
    whole = three_questions([wrong, run("VGG16", 0.8, extract=96)])[1].sentences[1]
    assert "VGG16 (linear, 160 px) was fastest" in whole
    assert "took 5.0 s, but with a known mistake: its pixels were divided by 255" in whole
    assert "It has a known mistake" in text([wrong], 0) and "It has a known mistake" in text([wrong], 1)


def test_a_zero_shot_run_trained_nothing_and_is_not_the_fastest_to_train():
    clip = run("ToyCLIP", 0.5, method="zero-shot", input_size=32, seconds_train=0.0)
    training = three_questions([clip, run("VGG16", 0.8)])[1].sentences[0]
    assert "VGG16 (linear, 160 px) took 2.0 s" in training
    assert "Left out: 1 run that trained nothing." in training


def test_close_times_are_too_close_to_call():
    said = text([run(name, 0.8, extract=10) for name in ("VGG16", "ResNet50")], 1)
    assert said.count("too close to call from one timing each") == 2


def test_different_machines_are_timed_apart():
    said = text([run("VGG16", 0.8, extract=96), run("VGG16", 0.8, extract=6, hardware="Machine B")], 1)
    assert "Measured on Machine A" in said
    assert "Measured on Machine B" in said
    assert "times as long" not in said


def test_the_explanation_names_what_costs_time_and_what_may_cost_accuracy_from_facts():
    time, accuracy, rest = three_questions([run("VGG16", 0.8, extract=96), run("MobileNetV2", 0.84, extract=6)])[
        2
    ].sentences
    assert "MobileNetV2 156.0 M MACs at 160 px, VGG16 7.80 G MACs at 160 px (50 times as many for VGG16)" in time
    assert "they processed 500 images/s and 31 images/s" in time
    assert "MobileNetV2 turns 160 px images into 1,280 features and was pretrained at 224 px on ImageNet" in accuracy
    assert "VGG16 turns 160 px images into 512 features" in accuracy
    assert rest.startswith("Both ran with the same settings")


def test_what_is_not_the_architecture_is_said_and_the_fair_run_keeps_the_settings():
    rows = [run("VGG16", 0.9), run("MobileNetV2", 0.84, input_size=96, method="knn")]
    said = text(rows, 2)
    assert "Not the architecture: the input size (160 px against 96 px) and the method (linear against" in said
    wanted = explanations.fair_run(rows)
    assert wanted is not None
    assert (wanted.backbone, wanted.input_size, wanted.method) == ("MobileNetV2", 160, "linear")


def test_that_two_networks_learned_from_different_images_is_said_first():
    said = text([run("DINOv2Small", 0.9, input_size=224), run("VGG16", 0.8, input_size=224)], 2)
    assert "was pretrained at this size on 142 million images without labels (81.1 % published for ImageNet)" in said
    assert "pretrained on (142 million images without labels against ImageNet). All other settings are the same" in said
    other = text([run("ViTB16", 0.9), run("VGG16", 0.8, method="knn")], 2)
    assert "pretrained on (ImageNet-21k against ImageNet) and the method (linear against" in other
    untrained = text([run("ViTB16", 0.9, weights_origin="untrained"), run("VGG16", 0.8)], 2)
    assert "Both ran with the same settings" in untrained


def test_without_macs_the_parameters_are_compared_and_cached_features_are_said():
    cached = run("ResNet50", 0.87, cached=True, images_per_second=float("nan"))
    said = text([cached, run("VGG16", 0.8)], 2)
    assert "ResNet50 has 23.6 M parameters, VGG16 14.7 M parameters (1.6 times as many for ResNet50)" in said
    assert "ResNet50 read its features from the cache" in said


def test_one_backbone_explains_nothing():
    said = text([run("VGG16", 0.8), run("VGG16", 0.7, method="knn")], 2)
    assert said.startswith("Not at all: every run here uses VGG16.")
    assert "differ in the method" in said
    assert "Run a second backbone" in text([run("VGG16", 0.8)], 2)


def test_untrained_weights_are_marked_wherever_the_run_is_named():
    frame = [run("VGG16", 0.4, weights_origin="untrained")]
    for answer in three_questions(frame)[:2]:
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
        ({"hardware": "Machine B"}, "the hardware, which differs: Machine A (1 run) and Machine B (1 run)"),
        ({"n_train": 100.0}, "the number of training images, which differs"),
        ({"train_split": "probe20"}, "training images: all training images (1 run) and the book's 20 % (1 run)"),
        (
            {"preprocessing": "divide255"},
            "pixels differently: as the backbone expects (1 run) and divided by 255 (1 run).",
        ),
        ({"protocol": "32 px, tf32, seed 0"}, "the precision, which differs: float32 (1 run) and tf32 (1 run)"),
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
    assert "CustomCNN also trained 2.0 M of its 4.0 M parameters" in said
    assert "learned from these training images alone" in said


def test_two_runs_that_differ_in_pixels_or_images_alone_are_told_apart():
    said = text([run("ResNet50", 0.8), run("ResNet50", 0.43, preprocessing="divide255")], 0)
    assert "points better than ResNet50 (linear, 160 px, pixels divided by 255)" in said
    said = text([run("ResNet50", 0.8), run("ResNet50", 0.43, n_train=20.0)], 0)
    assert "ResNet50 (linear, 160 px, 2,000 training images) is 37.0 points better than" in said
    assert "ResNet50 (linear, 160 px, 20 training images)" in said


def test_only_fine_tunes_are_asked_what_unfreezing_gave_and_no_more_of_them_than_are_said():
    asked = []

    def unfreezing(one: RunRow):
        asked.append(one.config.method)
        return comparison.unfreezing_by_counts(one)

    tuned = [run("MobileNetV2", 0.8 + i / 100, method="finetune", seed=i, frozen_accuracy=0.7) for i in range(9)]
    rows = [*tuned, run("VGG16", 0.95)]
    answers.three_questions(rows, "CIFAR-10", comparison.by_counts, unfreezing, lambda run: None, lambda *net: None)
    assert asked == ["finetune"] * answers.MOST_GAINS
