"""Datasets with faults are answered in a sentence, and nothing is lost."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core import execute, runs
from core.config import RunConfig
from core.data import datasets, near_duplicates, odd_images, relabelling, sizes
from core.errors import DatasetError
from core.evaluation import leaks
from tests.pictures import pictures, write_folder


def imported(folder: Path, files: dict[str, bytes]) -> datasets.Dataset:
    return datasets.import_images(write_folder(folder, files))


def tiny(dataset: str) -> RunConfig:
    return RunConfig(dataset=dataset, backbone="Tiny", method="knn")


def noise() -> bytes:
    stream = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8)).save(stream, "PNG")
    return stream.getvalue()


def test_one_image_a_class_is_refused_with_the_class_and_what_it_needs(tmp_path: Path):
    with pytest.raises(DatasetError, match="'cats' has 1 image for training"):
        imported(tmp_path / "single", pictures(1))
    assert "single" not in {summary.name for summary in datasets.available()}


@pytest.mark.slow
def test_where_all_images_are_identical_each_search_ends_and_a_run_says_that_it_remembers(store, tmp_path: Path):
    name = imported(tmp_path / "same", dict.fromkeys(pictures(10), noise())).name
    found = near_duplicates.search(name)
    assert len(found.leaked()) == found.n_test == 4
    with pytest.raises(DatasetError, match="No image for test would remain"):
        near_duplicates.clean(name, found.leaked().tolist())
    assert odd_images.search(name).count == 0
    run_id = runs.create(tiny(name))
    assert execute.perform(run_id) == "finished"
    assert leaks.of_run(runs.get(run_id)).images == 4


def test_without_a_test_split_one_is_drawn_and_its_size_judged(tmp_path: Path):
    dataset = imported(tmp_path / "pets", pictures(10))
    splits = datasets.splits(dataset)
    assert not (dataset.official == "test").any()
    assert len(splits["test"]) == 4
    assert "Every class has few test images, the smallest 2:" in " ".join(sizes.sentences(dataset, splits))


@pytest.mark.slow
def test_labels_changed_while_a_run_waits_are_a_copy_and_the_run_gets_its_own(store, tmp_path: Path):
    dataset = imported(tmp_path / "pets", pictures(10))
    run_id = runs.create(tiny("pets"))
    relabelling.relabel("pets", {0: 1})
    assert execute.perform(run_id) == "finished"
    predictions = runs.predictions(run_id)
    np.testing.assert_array_equal(predictions["label"], dataset.labels[predictions["row"]])


def test_labels_overwritten_on_the_disk_while_a_run_waits_fail_it_with_a_sentence(store, home: Path, tmp_path: Path):
    dataset = imported(tmp_path / "pets", pictures(10))
    run_id = runs.create(tiny("pets"))
    columns = {"labels": 1 - dataset.labels, "official": dataset.official, "files": dataset.files}
    np.savez_compressed(home / "datasets" / "pets" / "rows.npz", **columns)
    assert execute.perform(run_id) == "failed"
    assert "have been changed" in (runs.get(run_id).error or "")
