"""Sources: the right vectors of the right images, told apart by everything that decides about them."""

from dataclasses import replace

import numpy as np
import pytest

from core import datasets, features, sources
from core.errors import BackboneError, ConfigError, DatasetError, Stopped, WeightsError
from core.sources import Source

TINY = Source(backbone="Tiny", weights="untrained", input_size=8, images="test", n_images=20)


def test_rows_are_of_the_split_ascending_and_in_equal_shares():
    dataset = datasets.load("cifar10-sample")
    rows = sources.rows(TINY)
    assert np.all(np.diff(rows) > 0)
    assert set(rows) <= set(datasets.splits(dataset)["test"])
    np.testing.assert_array_equal(np.bincount(dataset.labels[rows]), [2] * 10)
    np.testing.assert_array_equal(sources.rows(Source()), np.arange(len(dataset.images)))


def test_other_seeds_choose_other_images_and_all_images_know_no_seed():
    assert set(sources.rows(replace(TINY, seed=1))) != set(sources.rows(TINY))
    everything = replace(TINY, n_images=0)
    assert sources.digest(everything) == sources.digest(replace(everything, seed=1))


def test_values_are_the_features_of_these_rows_and_missing_counts_what_is_not_cached():
    assert sources.missing(TINY) == 20
    found = sources.values(TINY)
    np.testing.assert_array_equal(found.rows, sources.rows(TINY))
    assert found.values.shape == (20, 16)
    assert sources.missing(TINY) == 0
    assert sources.values(TINY).cached
    assert 0 < sources.missing(replace(TINY, n_images=30)) <= 10  # fewer images are a part of more


@pytest.mark.parametrize(
    "other",
    [
        {"images": "val"},
        {"n_images": 30},
        {"input_size": 16},
        {"preprocessing": "divide255"},
        {"pooling": "max"},
        {"backbone": "CustomCNN", "input_size": 16},
    ],
    ids=lambda other: next(iter(other)),
)
def test_whatever_decides_about_the_vectors_makes_another_digest(other):
    assert sources.digest(replace(TINY, **other)) != sources.digest(TINY)


def test_defaults_that_mean_the_same_have_the_same_digest():
    assert sources.digest(replace(TINY, input_size=0)) == sources.digest(replace(TINY, input_size=32))


def test_weights_that_are_not_here_are_named_and_never_downloaded_for_a_digest(monkeypatch):
    monkeypatch.setattr("urllib.request.urlopen", lambda *_: pytest.fail("downloads"))
    away = replace(TINY, backbone="VGG16", weights="imagenet", input_size=32)
    assert sources.missing(away) == 20
    with pytest.raises(WeightsError, match="VGG16 are not on this machine"):
        sources.digest(away)


@pytest.mark.parametrize(
    ("wrong", "error", "words"),
    [
        ({"images": "half"}, ConfigError, "one of all, train"),
        ({"what": "colours"}, ConfigError, "features, logits"),
        ({"pooling": "min"}, ConfigError, "avg"),
        ({"n_images": -1}, ConfigError, "0 or more"),
        ({"backbone": "MobilNet"}, BackboneError, "MobileNet"),
    ],
)
def test_a_source_that_cannot_be_says_what_could(wrong, error, words):
    with pytest.raises(error, match=words):
        Source(**wrong)


def test_too_many_images_and_a_dataset_that_is_gone_are_told():
    with pytest.raises(DatasetError, match="number from"):
        sources.rows(replace(TINY, n_images=100_000))
    with pytest.raises(DatasetError, match="no dataset"):
        sources.rows(replace(TINY, dataset="flowers"))


def test_a_stop_is_heard_and_what_was_computed_stays():
    def stop(progress):
        if progress.done:
            raise Stopped

    with pytest.raises(Stopped):
        sources.values(TINY, stop)
    assert sources.missing(TINY) < 20
    assert len(features.entries()) == 1
