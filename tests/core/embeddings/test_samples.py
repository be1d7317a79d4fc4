"""The right images of a dataset, which is opened once."""

from dataclasses import replace

import numpy as np
import pytest

from core import embeddings
from core.data import datasets
from core.embeddings import Source, samples
from core.errors import DatasetError

TINY = Source(backbone="Tiny", weights="untrained", input_size=8, images="test", n_images=20)


def test_rows_are_of_the_split_ascending_and_in_equal_shares():
    dataset = datasets.load("cifar10-sample")
    rows = embeddings.rows(TINY)
    assert np.all(np.diff(rows) > 0)
    assert set(rows) <= set(datasets.splits(dataset)["test"])
    np.testing.assert_array_equal(np.bincount(dataset.labels[rows]), [2] * 10)
    np.testing.assert_array_equal(embeddings.rows(Source()), np.arange(len(dataset.images)))


def test_other_seeds_choose_other_images_and_all_images_know_no_seed():
    assert set(embeddings.rows(replace(TINY, seed=1))) != set(embeddings.rows(TINY))
    everything = replace(TINY, n_images=0)
    assert embeddings.digest(everything) == embeddings.digest(replace(everything, seed=1))


def test_too_many_images_and_a_dataset_that_is_gone_are_told():
    with pytest.raises(DatasetError, match="number from"):
        embeddings.rows(replace(TINY, n_images=100_000))
    with pytest.raises(DatasetError, match="no dataset"):
        embeddings.rows(replace(TINY, dataset="flowers"))


def test_the_shipped_sample_is_unpacked_once_for_all_sources(monkeypatch):
    unpacked = []
    original = datasets.load
    monkeypatch.setattr(datasets, "load", lambda name: unpacked.append(name) or original(name))
    samples._opened.cache_clear()
    for images in ("test", "train", "all"):
        embeddings.rows(Source(dataset=datasets.SAMPLE, backbone="Tiny", images=images))
    assert unpacked == [datasets.SAMPLE]
