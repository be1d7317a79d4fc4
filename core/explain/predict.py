"""One photo, any model: what a published classifier says of it, and what the runs of this laboratory say.

A model is named by a text: `imagenet:MobileNetV2`, or the id of a run. Worker side: `answer` needs Keras.
"""

from dataclasses import dataclass
from time import perf_counter

import numpy as np

from core import backbones, runs
from core.data import datasets, images
from core.errors import RunError
from core.explain import imagenet
from core.features import compiled
from core.runs import models

IMAGENET = "imagenet:"
MOST = 5  # classes in an answer


@dataclass(frozen=True)
class Answer:
    """What a model says of a photo."""

    model: str
    class_names: tuple[str, ...]  # the likeliest first, at most MOST
    probabilities: tuple[float, ...]
    seen: int  # pixels, square: what the photo was made smaller to
    input_size: int  # pixels, square: what the network computes with
    seconds: float  # of one photo through a network that is warm
    load_seconds: float  # of building it and compiling it; about 0 when it was warm already


def answer(model: str, photo: np.ndarray) -> Answer:
    """What a model says of a photo (h, w, 3) uint8, of which it sees the square in the middle.

    Raises:
        LabError: The model, its weights or its dataset is not here.
    """
    started = perf_counter()
    if model.startswith(IMAGENET):
        names, seen, size, predict = _imagenet(model.removeprefix(IMAGENET))
    else:
        names, seen, size, predict = _run(model)
    image = images.square(photo, seen)[None]
    predict(image)  # compiles what is not compiled yet
    warm = perf_counter()
    probabilities = np.asarray(predict(image))[0]
    ended = perf_counter()
    best = np.argsort(-probabilities, kind="stable")[:MOST]
    return Answer(
        model=model,
        class_names=tuple(names[index] for index in best),
        probabilities=tuple(float(probabilities[index]) for index in best),
        seen=seen,
        input_size=size,
        seconds=ended - warm,
        load_seconds=warm - started,
    )


def _imagenet(name: str) -> tuple:
    """Class names, pixels of the image and of the network, and a function (1, s, s, 3) uint8 -> (1, classes)."""
    size = backbones.get(name).default_size
    return imagenet.class_names(), size, size, imagenet.load(name).function


def _run(run_id: str) -> tuple:
    """The same of a run. Probes of one backbone share its network, which their extraction left warm."""
    run = runs.get(run_id)
    if run.outcome is None:
        raise RunError(f"Run {run.name} is {run.status} and has learned nothing yet", "a run with a result")
    config = run.config
    dataset = datasets.load(config.dataset)
    names, seen = dataset.class_names, dataset.images.shape[1]
    if config.trains:
        network = models.load(run_id)
        return names, seen, config.input_size, network.predict_on_batch  # compiled; a call would go layer by layer
    features = compiled.build(config.encoder, image_size=seen)
    head = runs.head(run_id)
    return names, seen, config.input_size, lambda image: head.predict_proba(np.asarray(features.function(image)))
