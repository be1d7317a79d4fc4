"""The model of a run of any kind: uint8 images in, probabilities out.

    fine-tune, from scratch    the stored model.keras
    probe                      the backbone with its weights, and the stored head

For workers: it needs Keras.
"""

from datetime import datetime
from functools import lru_cache
from typing import Any

from core import backbones, heads, storage
from core.data import datasets
from core.errors import ConfigError, RunError
from core.runs import artifacts, store
from core.runs.outcome import Run
from core.training import model

KEPT = 4  # models in memory, so that as many runs can be compared; the largest takes 1.4 GB


def load(run_id: str) -> Any:
    """The `keras.Model` of a run, (b, s0, s0, 3) uint8 -> (b, classes) float32 probabilities; cached.

    Raises:
        RunError: There is no such run, it has no result, or its method is nearest neighbours, which has no model.
        WeightsError: The weights of a probe's backbone are no longer on this machine.
    """
    return _load(run_id, check(run_id).finished)


def check(run_id: str) -> Run:
    """The run, if it has a model; needs no Keras, so that a page can check first.

    Raises:
        RunError: There is no such run, it has no result, or its method is nearest neighbours, which has no model.
    """
    run = store.get(run_id)
    if run.outcome is None:
        raise RunError(f"Run {run.name} is {run.status} and has no model", "a finished run")
    if not heads.has_layers(run.config.method):
        raise RunError(
            f"Run {run.name} has no model: nearest neighbours are looked up among all training images",
            "a probe with layers, a fine-tune or a network trained from scratch",
            "Start the same run with another method; it uses the same features",
        )
    return run


def teacher(run_id: str, dataset: str) -> Run:
    """The run, if it can teach another one on this dataset; needs no Keras.

    Raises:
        RunError: There is no such run, or it has no model.
        ConfigError: It is on another dataset.
    """
    run = check(run_id)
    if run.config.dataset != dataset:
        raise ConfigError(
            f"The teacher {run.name} was trained on {run.config.dataset}",
            f"a run on {dataset}",
            "Choose another teacher, or none",
        )
    return run


def read(run: Run) -> Any:
    """A fresh copy of the model of a run that trained its network, which the caller may take apart.

    Raises:
        RunError: Its file is missing or damaged.
    """
    path = artifacts.model_path(run.id)
    try:
        return backbones.read_model(path)
    except (OSError, ValueError, TypeError, KeyError) as error:  # what Keras raises for a truncated file
        if hindrance := storage.hindrance(error):
            raise RunError(f"The model of run {run.name} in {path} {hindrance[0]}", "", hindrance[1]) from error
        raise RunError(
            f"The model of run {run.name} in {path} cannot be read ({' '.join(str(error).split())[:200]})",
            "the model.keras of the run",
            "Start the run again",
        ) from error


@lru_cache(maxsize=KEPT)
def _load(run_id: str, finished: datetime) -> Any:
    """The model of a run as of this time: resuming a run changes it."""
    run = store.get(run_id)
    if run.config.trains:
        return read(run)
    image_size = datasets.load(run.config.dataset).images.shape[1]
    return model.from_probe(run.config.encoder, artifacts.head(run_id), image_size=image_size)
