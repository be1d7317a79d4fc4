"""One photo, any model: the predictions of published classifiers and of your own runs.

A model is named `imagenet:MobileNetV2`, or by the id of a run. `answer` needs Keras, so it runs in a worker.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from math import nan
from time import perf_counter
from typing import Any

import numpy as np

from core import backbones, metrics, runs
from core.config import PROBES
from core.data import datasets, images
from core.errors import LabError, RunError
from core.explain import attribution, imagenet, novelty
from core.explain.attribution import Heat
from core.features import compiled
from core.runs import models

IMAGENET = "imagenet:"
MOST = 5  # classes in an answer


@dataclass(frozen=True)
class Answer:
    """A model's prediction for a photo."""

    model: str
    class_names: tuple[str, ...]  # likeliest first, at most MOST, none of probability 0
    probabilities: tuple[float, ...]
    seen: int  # pixels, square: size the photo was resized to
    input_size: int  # pixels, square: input size of the network
    seconds: float  # for one photo, with the network already loaded
    load_seconds: float = 0.0  # for building and compiling it; about 0 if already loaded
    share_nearer: float = nan  # see `novelty.share_nearer`; nan for models other than probes
    exclusive: bool = True  # see `metrics.exclusive`


def answer(model: str, photo: np.ndarray) -> Answer:
    """A model's prediction for the central square of a photo (h, w, 3) uint8.

    Raises:
        LabError: The model, its weights or its dataset is not available locally.
    """
    started = perf_counter()
    glance(model, photo)  # loads the network, and compiles it on first use
    warm = perf_counter()
    answered = glance(model, photo)
    nearer = _share_nearer(model, images.square(photo, answered.seen)[None])
    return replace(answered, load_seconds=warm - started, share_nearer=nearer)


def glance(model: str, photo: np.ndarray) -> Answer:
    """`answer` for one of many photos in a row: the model predicts only once, and no distances are measured."""
    names, seen, size, predict = _imagenet(model.removeprefix(IMAGENET)) if model.startswith(IMAGENET) else _run(model)
    image = images.square(photo, seen)[None]
    began = perf_counter()
    probabilities = np.asarray(predict(image))[0]
    seconds = perf_counter() - began
    best = metrics.likeliest(probabilities, MOST)
    return Answer(
        model=model,
        class_names=tuple(names[index] for index in best),
        probabilities=tuple(float(probabilities[index]) for index in best),
        seen=seen,
        input_size=size,
        seconds=seconds,
        exclusive=metrics.exclusive(probabilities[None]),
    )


def glances(models: Sequence[str], photo: np.ndarray) -> list[Answer | LabError]:
    """`glance` by several models, or why one of them cannot answer."""
    return [_glance_or_error(model, photo) for model in models]


def explain(model: str, method: str, photo: np.ndarray) -> tuple[np.ndarray, Heat]:
    """Which parts of a photo (h, w, 3) uint8 support the likeliest class, by a method of `attribution.METHODS`.

    Returns:
        What the model sees, (s, s, 3) uint8, and the map.

    Raises:
        LabError: The model, its weights or its dataset is not available locally, or it has no such explanation.
    """
    network = _classifier(model.removeprefix(IMAGENET)) if model.startswith(IMAGENET) else models.load(model)
    image = images.square(photo, network.input_shape[1])
    likeliest = int(np.asarray(network(image[None], training=False))[0].argmax())
    return image, attribution.of_model(network, method, image, likeliest)


def _glance_or_error(model: str, photo: np.ndarray) -> Answer | LabError:
    try:
        return glance(model, photo)
    except LabError as error:
        return error


@lru_cache(maxsize=2)
def _classifier(name: str) -> Any:
    spec = backbones.get(name)
    network = imagenet.network(spec.name, spec.default_size)
    return imagenet.from_pixels(network, spec.default_size, spec.preprocessing)


def _imagenet(name: str) -> tuple:
    """Class names, pixels of the image and of the network, and a function (1, s, s, 3) uint8 -> (1, classes)."""
    size = backbones.get(name).default_size
    return imagenet.class_names(), size, size, imagenet.load(name).function


def _run(run_id: str) -> tuple:
    """The same for a run. Probes of one backbone share its compiled network."""
    run = runs.get(run_id)
    if run.outcome is None:
        raise RunError(f"Run {run.name} is {run.status} and has no model yet", "a run with a result")
    config = run.config
    dataset = datasets.load(config.dataset)
    names, seen = dataset.class_names, dataset.images.shape[1]
    if config.trains:
        network = models.load(run_id)
        return (
            names,
            seen,
            config.input_size,
            network.predict_on_batch,
        )  # compiled; a direct call would run layer by layer
    features = compiled.build(config.encoder, image_size=seen)
    head = runs.head(run_id)
    return names, seen, config.input_size, lambda image: head.predict_proba(np.asarray(features.function(image)))


def _share_nearer(model: str, image: np.ndarray) -> float:
    """`novelty.share_nearer` for the image (1, s, s, 3) that a probe has seen."""
    config = None if model.startswith(IMAGENET) else runs.get(model).config
    if config is None or config.method not in PROBES:
        return nan
    network = compiled.build(config.encoder, image_size=image.shape[1])
    return novelty.share_nearer(config, np.asarray(network.function(image)))
