"""Heads: classifiers that learn from features.

`METHODS` lists them, `fit` trains one, `load` reads a saved one. A head sees training and validation features only;
strength, neighbours and epoch are chosen by validation accuracy.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from core import arrays
from core.errors import ConfigError, DatasetError
from core.heads import epochs, knn, linear, text
from core.heads.dense import DenseHead
from core.heads.head import Head, Labelled, Options, check
from core.progress import Report, silent


@dataclass(frozen=True)
class Method:
    """A kind of head, with the words shown to the user."""

    name: str
    title: str
    idea: str
    options: tuple[str, ...]  # the fields of Options it reads
    fit: Callable[[Labelled, Labelled, int, Options, Report], Head]  # training, validation, classes
    head: type[Head] = DenseHead


METHODS = {
    method.name: method
    for method in (
        Method(
            "linear",
            "Linear",
            "Multinomial logistic regression, solved to its optimum by L-BFGS: the usual measure of features.",
            ("strength",),
            linear.fit,
        ),
        Method(
            "linear-adam",
            "Linear, epoch by epoch",
            "The same layer trained by Adam, with curves to watch.",
            ("seed", "epochs", "batch_size", "learning_rate", "strength"),
            epochs.fit_linear,
        ),
        Method(
            "mlp",
            "Hidden layer",
            "A hidden layer of ReLU units and a softmax, trained by Adam.",
            ("seed", "epochs", "batch_size", "learning_rate", "strength", "hidden"),
            epochs.fit_mlp,
        ),
        Method(
            "knn",
            "Nearest neighbours",
            "The most similar training images vote; nothing is trained.",
            ("neighbours",),
            knn.fit,
            knn.KnnHead,
        ),
    )
}


DEFAULTS = Options()
WITH_LAYERS = tuple(name for name, method in METHODS.items() if method.head is not knn.KnnHead)
"""Methods whose head consists of layers: a fine-tune can start from it, and it can be part of a Keras model."""


def has_layers(method: str) -> bool:
    """Whether a run of this method, a probe or not, results in a network of layers: all but nearest neighbours do."""
    return method not in METHODS or method in WITH_LAYERS


def fit(
    method: str,
    train: Labelled,
    val: Labelled,
    *,
    classes: int,
    options: Options = DEFAULTS,
    report: Report = silent,
) -> Head:
    """Train a head on features whose labels are in 0..classes-1; training may lack some classes.

    Raises:
        ConfigError: There is no such method.
        DatasetError: There are no training or no validation images.
        BackboneError: Some features are not finite.
    """
    if method not in METHODS:
        raise ConfigError(f"There is no method {method!r}", f"one of {', '.join(METHODS)}")
    for split, images in (("training", train), ("validation", val)):
        if not len(images.y):
            raise DatasetError(f"There are no {split} images", "at least one", "Choose a larger part of the dataset")
    check(train.x)
    check(val.x)
    return METHODS[method].fit(train, val, classes, options, report)


def load(path: Path) -> Head:
    """Read a head written by `Head.save`."""
    read = arrays.read_all(path)
    common = json.loads(str(read.pop("about")))
    kind = text.TextHead if common["method"] == text.METHOD else METHODS[common["method"]].head
    return kind.from_arrays(read, **common)
