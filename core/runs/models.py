"""The model of a run, whatever kind of run it was: uint8 images in, probabilities out.

    fine-tune, from scratch    the model.keras that the run left
    probe                      the backbone with its weights, and the head that the run left

Worker side: it needs Keras.
"""

from datetime import datetime
from functools import lru_cache
from typing import Any

from core import heads
from core.data import datasets
from core.errors import RunError
from core.runs import store
from core.training import model

KEPT = 4  # models in memory: as many runs answer side by side; the largest has 1.4 GB


def load(run_id: str) -> Any:
    """The `keras.Model` of a run, (b, s0, s0, 3) uint8 -> (b, classes) float32, rows sum to 1; quick the second time.

    Raises:
        RunError: There is no such run, it did not get that far, or nearest neighbours, which have no model.
        WeightsError: The backbone of a probe is not on this machine any more.
    """
    return _load(run_id, check(run_id).finished)


def check(run_id: str) -> store.Run:
    """The run, if it has a model; needs no Keras, so that a page can say so before anybody asks for one.

    Raises:
        RunError: There is no such run, it did not get that far, or nearest neighbours, which have no model.
    """
    run = store.get(run_id)
    if run.outcome is None:
        raise RunError(f"Run {run.name} is {run.status} and left no model", "a finished run")
    if not heads.has_layers(run.config.method):
        raise RunError(
            f"Run {run.name} has no model: nearest neighbours compare with all training images",
            "a probe with layers, a fine-tune or a network trained from scratch",
            "Start the same run with another method, on the same features",
        )
    return run


def read(run: store.Run) -> Any:
    """A model of one's own, to take apart, of a run whose network trained.

    Raises:
        RunError: Its file is gone or damaged.
    """
    import keras

    path = store.model_path(run.id)
    try:
        return keras.models.load_model(path, compile=False)
    except (OSError, ValueError, TypeError, KeyError) as error:  # what Keras raises on a file that is cut short
        raise RunError(
            f"The model of run {run.name} in {path} cannot be read ({' '.join(str(error).split())[:200]})",
            "the model.keras that the run left",
            "Start the run again",
        ) from error


@lru_cache(maxsize=KEPT)
def _load(run_id: str, finished: datetime) -> Any:
    """The network of a run as it was then: one that was resumed has another."""
    run = store.get(run_id)
    if run.config.trains:
        return read(run)
    config = run.config
    return model.from_probe(
        config,
        store.head(run_id),
        image_size=datasets.load(config.dataset).images.shape[1],
    )
