"""The numbers of images are told in sentences that mislead nobody."""

import pytest

from core.data import datasets, sizes


@pytest.mark.parametrize(
    ("least", "most", "sentence"),
    [
        (250, 250, "Every class has 250 images."),
        (5_943, 5_984, "The classes are of nearly the same size: 5,943 to 5,984 images."),
        (8, 300, "The largest class has 37.5 times the images of the smallest: 300 to 8."),
    ],
)
def test_only_a_real_imbalance_is_called_one(least: int, most: int, sentence: str):
    text = sizes.balance(least, most)
    assert text.startswith(sentence)
    assert ("check each class" in text) == (most > 2 * least)


def test_classes_with_a_wide_interval_are_named_the_smallest_first():
    names = ("cat", "dog", "eel")
    assert sizes.small_classes(names, [40, 50, 60]) == ""
    assert sizes.small_classes(names, [40, 1, 60]).startswith("dog has only 1 test image: its accuracy may be")
    two = sizes.small_classes(names, [10, 4, 60])
    assert two.startswith("2 of 3 classes have few test images, the smallest 4:")
    assert two.endswith("(dog, cat).")
    many = sizes.small_classes(tuple("abcdefghi"), [*range(1, 9), 60])
    assert many.endswith("(a, b, c, d, e, ...).")
    every = sizes.small_classes(names, [10, 4, 3])
    assert every.startswith("Every class has few test images, the smallest 3: accuracies of classes may be off by up")


def test_the_test_split_says_what_it_can_tell_and_how_many_images_would_tell_two_points():
    assert sizes.test_split(500).startswith(
        "With 500 test images, two models must differ by 4.0 points to be told apart; 2 points would take about 1,960"
    )
    assert sizes.test_split(10_000).startswith("10,000 test images tell two models 0.9 points apart")
    assert "two models that differ by 10 points may not be told apart" in sizes.test_split(8)


def test_the_shipped_sample_has_a_sentence_on_its_balance_and_one_on_its_test_split():
    sample = datasets.load("cifar10-sample")
    balance, test = sizes.sentences(sample, datasets.splits(sample))
    assert balance == "Every class has 250 images."
    assert test.startswith("With 500 test images")
