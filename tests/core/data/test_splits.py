"""Splits are disjoint, complete, stratified and seeded, whatever the classes' sizes and the source's own splits."""

from itertools import combinations

import numpy as np
import pytest

from core.data import datasets, splits
from core.errors import DatasetError

BALANCED = np.repeat(np.arange(10), 50)
UNEVEN = np.repeat(np.arange(4), [4, 9, 61, 300])
SMALLEST = np.repeat(np.arange(3), 4)


def official(labels: np.ndarray, **shares: float) -> np.ndarray:
    """Marks of which the given share of every class says "val" or "test", and the rest "train"."""
    marks = np.full(len(labels), "train")
    for label in np.unique(labels):
        rows, start = np.flatnonzero(labels == label), 0
        for split, share in shares.items():
            stop = start + max(round(share * len(rows)), 1)
            marks[rows[start:stop]] = split
            start = stop
    return marks


SOURCES = {
    "balanced": (BALANCED, np.full(len(BALANCED), "")),
    "uneven": (UNEVEN, np.full(len(UNEVEN), "")),
    "smallest": (SMALLEST, np.full(len(SMALLEST), "")),
    "with its own test": (UNEVEN, official(UNEVEN, test=0.25)),
    "with its own val": (BALANCED, official(BALANCED, val=0.3)),
    "with both": (BALANCED, official(BALANCED, val=0.2, test=0.2)),
}


@pytest.fixture(params=SOURCES.values(), ids=SOURCES.keys())
def source(request: pytest.FixtureRequest) -> tuple[np.ndarray, np.ndarray]:
    return request.param


def test_train_val_and_test_are_disjoint_and_complete(source):
    cut = splits.named(*source, seed=0)
    together = np.concatenate([cut["train"], cut["val"], cut["test"]])
    assert sorted(together) == list(range(len(source[0])))


def test_probe20_and_finetune80_partition_train_as_the_book_does(source):
    cut = splits.named(*source, seed=0)
    assert sorted([*cut["probe20"], *cut["finetune80"]]) == cut["train"].tolist()
    classes = len(np.unique(source[0]))
    assert abs(len(cut["probe20"]) - 0.2 * len(cut["train"])) < max(1, classes)


def test_exact_totals_where_no_class_is_too_small_for_its_share():
    cut = splits.named(BALANCED, np.full(500, ""), seed=3)
    assert {name: len(rows) for name, rows in cut.items()} == {
        "test": 100,
        "val": 40,
        "train": 360,
        "probe20": 72,
        "finetune80": 288,
    }


@pytest.mark.parametrize(
    ("part", "whole", "share"), [("test", None, 0.2), ("val", ("train", "val"), 0.1), ("probe20", ("train",), 0.2)]
)
def test_a_cut_takes_its_share_of_every_class_within_one_image(part, whole, share):
    labels = UNEVEN
    cut = splits.named(labels, np.full(len(labels), ""), seed=1)
    pool = np.arange(len(labels)) if whole is None else np.concatenate([cut[name] for name in whole])
    taken, there = np.bincount(labels[cut[part]], minlength=4), np.bincount(labels[pool], minlength=4)
    assert np.all(np.abs(taken - share * there) < 1)


def test_every_split_has_every_class(source):
    labels, marks = source
    for name, rows in splits.named(labels, marks, seed=0).items():
        assert set(labels[rows]) == set(labels), name


def test_one_seed_gives_one_answer_and_another_seed_another(source):
    first, again, other = (splits.named(*source, seed=seed) for seed in (0, 0, 1))
    assert all(np.array_equal(first[name], again[name]) for name in first)
    assert not np.array_equal(first["probe20"], other["probe20"])


def test_the_sources_own_splits_are_kept_and_validation_comes_from_training():
    labels, marks = SOURCES["with its own test"]
    cut = splits.named(labels, marks, seed=5)
    assert set(marks[cut["test"]]) == {"test"} and sum(marks == "test") == len(cut["test"])
    assert set(marks[cut["val"]]) == {"train"}
    labels, marks = SOURCES["with both"]
    cut = splits.named(labels, marks, seed=5)
    assert all(set(marks[cut[name]]) == {name} for name in ("train", "val", "test"))


def test_a_smaller_subsample_is_a_prefix_of_a_larger_one():
    rows = np.arange(1000, 1000 + len(UNEVEN))
    sizes = [1, 4, 10, 57, 200, len(rows)]
    chosen = [splits.subsample(rows, UNEVEN, n, seed=2) for n in sizes]
    for (n, small), (_, large) in combinations(zip(sizes, chosen, strict=True), 2):
        assert len(small) == n
        assert np.array_equal(small, large[:n])
    assert sorted(chosen[-1]) == rows.tolist()


def test_a_subsample_keeps_the_shares_of_the_classes_and_begins_with_one_of_each():
    rows = np.random.default_rng(0).permutation(500)
    for n in (10, 25, 99, 250):
        counts = np.bincount(BALANCED[splits.subsample(rows, BALANCED[rows], n, seed=0)], minlength=10)
        assert np.all(np.abs(counts - n / 10) < 1)
    few = splits.subsample(np.arange(len(UNEVEN)), UNEVEN, 4, seed=0)
    assert sorted(UNEVEN[few]) == [0, 1, 2, 3]


def test_subsamples_follow_their_seed():
    rows = np.arange(500)
    first, again, other = (splits.subsample(rows, BALANCED, 50, seed=seed) for seed in (0, 0, 1))
    assert np.array_equal(first, again)
    assert set(first) != set(other)


@pytest.mark.parametrize("n", [0, -1, 501])
def test_a_subsample_of_impossible_size_says_what_is_possible(n):
    with pytest.raises(DatasetError, match=r"from 1 to 500"):
        splits.subsample(np.arange(500), BALANCED, n, seed=0)


def test_three_images_of_a_class_are_one_too_few_to_cut_all_splits_and_four_are_enough():
    splits.check(SMALLEST, np.full(12, ""), "abc")
    with pytest.raises(DatasetError, match=r"'b' has 3 images for training.*at least 4"):
        splits.check(np.delete(SMALLEST, 4), np.full(11, ""), "abc")


def test_with_the_sources_own_splits_two_training_images_are_enough():
    labels, marks = np.repeat([0, 1], 4), np.tile(["train", "train", "val", "test"], 2)
    splits.check(labels, marks, "ab")
    assert [len(rows) for rows in splits.named(labels, marks, seed=0).values()] == [4, 2, 2, 2, 2]


def test_a_class_that_is_missing_in_the_sources_test_is_named():
    labels, marks = np.repeat([0, 1], 5), np.array(["train"] * 4 + ["test"] + ["train"] * 5)
    with pytest.raises(DatasetError, match=r"'b' has 0 images for test"):
        splits.check(labels, marks, "ab")


def test_one_class_is_not_enough():
    with pytest.raises(DatasetError, match=r"only the class 'a'.*two classes"):
        splits.check(np.zeros(50, int), np.full(50, ""), ["a"])


def test_the_shipped_sample_is_split_as_published():
    dataset = datasets.load("cifar10-sample")
    cut = datasets.splits(dataset)
    assert [len(cut[name]) for name in ("train", "val", "test", "probe20", "finetune80")] == [1800, 200, 500, 360, 1440]
    for rows in cut.values():
        assert len(set(np.bincount(dataset.labels[rows]))) == 1  # balanced, as the sample is
