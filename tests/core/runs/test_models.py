"""The model of a run says what the run said, whatever kind of run it was."""

import numpy as np
import pytest

from core import execute, runs
from core.config import RunConfig
from core.data import datasets
from core.errors import RunError
from core.runs import models

TINY = {"backbone": "Tiny", "input_size": 16, "n_train": 100, "n_test": 60}
SHORT = {"head_epochs": 1, "epochs": 1}


def done(**settings) -> str:
    run_id = runs.create(RunConfig(**TINY | settings))
    assert execute.perform(run_id) == "finished", runs.get(run_id).error
    return run_id


@pytest.mark.slow
@pytest.mark.parametrize(
    "settings",
    [
        {"method": "linear"},
        {"method": "mlp", "epochs": 2, "preprocessing": "divide255", "pooling": "flatten"},
        {"method": "finetune", **SHORT},
        {"backbone": "LeNet", "method": "scratch", **SHORT},
    ],
    ids=lambda settings: settings["method"],
)
def test_a_model_says_what_the_run_said(store, settings):
    run_id = done(**settings)
    stored, dataset = runs.predictions(run_id), datasets.load("cifar10-sample")
    model = models.load(run_id)
    found = model.predict(dataset.images[stored["row"]], verbose=0)
    np.testing.assert_allclose(found, stored.filter(regex=r"^p_"), atol=1e-4)
    assert models.load(run_id) is model  # quick the second time


@pytest.mark.slow
def test_nearest_neighbours_have_no_model(store):
    with pytest.raises(RunError, match="nearest neighbours"):
        models.load(done(method="knn"))


def test_a_run_that_has_not_finished_has_no_model(store):
    with pytest.raises(RunError, match="is queued"):
        models.load(runs.create(RunConfig(**TINY)))


def test_an_unknown_run_is_said_to_be_unknown(store):
    with pytest.raises(RunError, match="no run 'nothing'"):
        models.load("nothing")


@pytest.mark.slow
def test_a_damaged_file_is_named(home, store):
    run_id = done(method="finetune", **SHORT)
    (kept,) = home.glob(f"runs/artifacts/{run_id}/**/model.keras")
    kept.write_bytes(b"half a file")
    with pytest.raises(RunError, match="cannot be read"):
        models.load(run_id)
