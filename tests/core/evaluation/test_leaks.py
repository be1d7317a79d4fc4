"""A run says how good it is on the test images that were not among its training images."""

from dataclasses import replace

import numpy as np
import pytest

from core import metrics, protocol, runs
from core.cli import commands
from core.config import RunConfig
from core.data import datasets, near_duplicates
from core.evaluation import leaks
from core.evaluation.leaks import Leaks
from dashboard.run import report
from tests.pictures import photo, pictures, write_folder


@pytest.mark.slow
def test_a_run_says_its_accuracy_without_the_images_it_was_trained_on(store, tmp_path, capsys):
    training = pictures(8, above="train/")
    test = {name.replace("train/", "test/"): photo((200 + number, 9, 9)) for number, name in enumerate(training)}
    copied = {name.replace("train/", "test/"): training[name] for name in list(training)[:3]}
    datasets.import_images(write_folder(tmp_path / "leaky", training | test | copied))
    assert not len(leaks.known(datasets.load("leaky")))  # nobody has looked

    assert commands.main(["run", "--dataset", "leaky", "--backbone", "Tiny", "--method", "knn"]) == 0
    said = capsys.readouterr().out
    (run,) = runs.rows()
    found, dataset = leaks.of_run(run), datasets.load("leaky")
    assert dataset.files[leaks.known(dataset)].tolist() == sorted(copied)
    predictions = runs.predictions(run.id)
    kept = ~np.isin(dataset.files[predictions["row"]], list(copied))
    right = (predictions["label"] == predictions["prediction"])[kept]
    assert found == Leaks(3, 16, metrics.wilson(int(right.sum()), 13))
    assert leaks.sentence(found) in said
    assert leaks.sentence(found) in report.html([run.id])


@pytest.mark.slow
@pytest.mark.usefixtures("shared_results")
def test_pairs_that_were_looked_for_count_and_a_clean_dataset_has_none(store):
    near_duplicates.search("cifar10-flawed")
    assert len(leaks.known(datasets.load("cifar10-flawed"))) > 100  # 150 are planted
    assert (
        leaks.of_run(runs.get(runs.create(RunConfig(dataset="cifar10-flawed", backbone="ToyCLIP", method="zero-shot"))))
        is None
    )
    near_duplicates.search("cifar10-sample")
    assert not len(leaks.known(datasets.load("cifar10-sample")))
    assert leaks.of_run(runs.get(runs.create(RunConfig(backbone="Tiny")))) is None


@pytest.mark.slow
@pytest.mark.usefixtures("shared_results")
def test_only_the_images_that_a_run_drew_count(store):
    dataset, found = datasets.load("cifar10-flawed"), near_duplicates.search("cifar10-flawed")
    few = RunConfig(dataset="cifar10-flawed", backbone="Tiny", n_train=100)
    drawn = protocol.choose_rows(dataset, few)
    learned = np.concatenate([drawn["train"], drawn["val"]])
    expected = {
        pair.row for pair in found.leaks if pair.agreement >= near_duplicates.THRESHOLD and pair.twin in learned
    }
    assert 0 < len(expected) < len(leaks.known(dataset)) / 5
    assert set(leaks.known(dataset, [few])) >= expected
    assert len(leaks.known(dataset, [few])) < len(expected) + 3  # and those of images like the twin
    assert leaks.known(dataset, [replace(few, n_train=0)]).tolist() == leaks.known(dataset).tolist()


def test_a_run_of_a_deleted_dataset_says_nothing(store, tmp_path):
    datasets.import_images(write_folder(tmp_path / "pets", pictures(8)))
    run = runs.get(runs.create(RunConfig(backbone="Tiny", dataset="pets")))
    datasets.delete("pets")
    assert leaks.of_run(run) is None


def test_of_a_run_that_saw_every_test_image_no_accuracy_is_left():
    nothing = metrics.wilson(0, 0)
    assert leaks.sentence(Leaks(4, 4, nothing)) == "4 of the 4 test images are nearly training images (100.0 %)"
    assert "; on the 1 other its accuracy is 100.0 %" in leaks.sentence(Leaks(3, 4, metrics.wilson(1, 1)))
