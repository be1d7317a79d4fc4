"""Swapped labels are found, as by cleanlab; what cannot be judged is said."""

from dataclasses import replace

import numpy as np
import pytest

from core import features
from core.data import dataset as stored
from core.data import datasets
from core.embeddings import Source
from core.errors import DatasetError
from core.evaluation import label_errors
from core.features import Encoder
from core.features.estimates import Count

SHARE = 0.05  # of labels that are swapped


def swapped(labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Labels of which some are wrong, and the positions of these."""
    rng = np.random.default_rng(0)
    wrong = np.sort(rng.permutation(len(labels))[: round(SHARE * len(labels))])
    labels = labels.copy()
    labels[wrong] = (labels[wrong] + rng.integers(1, 10, len(wrong))) % 10
    return labels, wrong


@pytest.mark.slow
def test_swapped_labels_of_the_sample_are_found_as_by_cleanlab(shared_results):
    from cleanlab.filter import find_label_issues

    dataset = datasets.load("cifar10-sample")
    values = features.extract(dataset, np.arange(2500), Encoder("EfficientNetLite0", input_size=96)).values
    labels, wrong = swapped(dataset.labels)
    p = label_errors.out_of_sample(values, labels, 10)
    found = label_errors.suspects(p, labels)
    theirs = find_label_issues(
        labels, p.astype(float), filter_by="prune_by_class", return_indices_ranked_by="self_confidence", n_jobs=1
    )
    assert len(np.setxor1d(found, theirs)) <= 10  # cleanlab rounds each class so that all counts add up
    np.testing.assert_array_equal(found[:250], theirs[:250])
    hits = np.isin(found, wrong)
    assert hits.sum() >= 0.9 * len(wrong)
    assert hits[: len(wrong)].mean() >= 0.7  # as many as were swapped, of those it doubts most


def test_probabilities_are_of_heads_that_have_not_seen_the_image():
    rng = np.random.default_rng(0)
    p = label_errors.out_of_sample(rng.standard_normal((400, 300), dtype=np.float32), rng.integers(0, 2, 400), 2)
    own = p.argmax(axis=1) == np.random.default_rng(0).integers(0, 2, 400)
    np.testing.assert_allclose(p.sum(axis=1), 1, rtol=1e-5)
    assert 0.4 < own.mean() < 0.6  # noise with random labels cannot be predicted


def test_nothing_is_suspect_where_every_label_is_sure():
    labels = np.arange(30) % 3
    p = np.full((30, 3), 0.01)
    p[np.arange(30), labels] = 0.98
    assert not len(label_errors.suspects(p, labels))
    p[4] = (0.98, 0.01, 0.01)  # label 1
    np.testing.assert_array_equal(label_errors.suspects(p, labels), [4])


@pytest.mark.slow
def test_a_result_is_kept_with_the_neighbours_of_each_suspect(planted: Source):
    dataset = datasets.load(planted.dataset)
    count = Count("label-errors")
    label_errors.count(planted, into=count)
    assert (label_errors.find(planted), count.images) == (None, 60)
    found = label_errors.search(planted)
    assert found.suspects[0].row == 7
    assert dataset.class_names[found.suspects[0].suggested] == "dogs"
    assert label_errors.agreeing(found.suspects[0], dataset.labels) == (0, 5)
    assert found.images == 60
    assert label_errors.find(planted) == found == label_errors.search(planted)


@pytest.fixture
def planted() -> Source:
    """Red cats and blue dogs; image 7 is a blue cat."""
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1], 30)
    pixels = rng.integers(0, 60, (60, 32, 32, 3), np.uint8)
    channel = np.where(labels == 0, 0, 2)
    channel[7] = 2
    pixels[np.arange(60), :, :, channel] += 150
    files = [f"{number}.png" for number in range(60)]
    about = {"class_names": ("cats", "dogs"), "source": "", "licence": "", "skipped": ()}
    stored.write([("pets", "Pets")], zip(pixels, labels.tolist(), [""] * 60, files, strict=True), metadata=about)
    return Source(dataset="pets", backbone="Tiny")


@pytest.mark.slow
def test_all_images_alike_are_judged_without_an_error():
    about = {"class_names": ("cats", "dogs"), "source": "", "licence": "", "skipped": ()}
    rows = [(np.full((32, 32, 3), 90, np.uint8), number % 2, "", f"{number}.png") for number in range(20)]
    stored.write([("grey", "Grey")], rows, metadata=about)
    found = label_errors.search(Source(dataset="grey", backbone="Tiny"))
    assert found.images == 20
    assert found.accuracy <= 0.5


def test_a_class_of_one_image_is_said(planted: Source):
    with pytest.raises(DatasetError, match="The class 'cats' has one image"):
        label_errors.search(replace(planted, images="test", n_images=2))
