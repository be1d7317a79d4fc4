"""What all heads share: their interface, how they are saved, and the options they are trained with."""

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np

from core.errors import BackboneError


@dataclass(frozen=True)
class Options:
    """What the user may set; a method reads the fields named by its `Method.options`."""

    seed: int = 0
    epochs: int = 20
    batch_size: int = 128
    learning_rate: float = 1e-3
    strength: float = 0.0  # L2: loss + strength / 2 * |W|^2; 0: linear chooses it on validation, others use none
    neighbours: int = 0  # 0: chosen on validation
    hidden: int = 256  # units


class Labelled(NamedTuple):
    """Features (n, d) float32 with their labels (n,)."""

    x: np.ndarray
    y: np.ndarray


class Layer(NamedTuple):
    """A dense layer: x @ kernel + bias."""

    kernel: np.ndarray  # (d, units) float32
    bias: np.ndarray  # (units,) float32


@dataclass(frozen=True, eq=False, kw_only=True)
class Head(ABC):
    """A trained head."""

    method: str
    classes: int
    chosen: dict[str, float] = field(default_factory=dict)  # what was chosen on validation, with its accuracy
    curves: list[dict[str, float]] = field(default_factory=list)  # one per epoch: step, loss, accuracy, ...

    ROWS = 4096  # rows predicted at once
    unit_length = False  # whether each feature vector is scaled to length 1 before the dense layers

    @property
    def activation(self) -> str:
        """The function from logits to probabilities: softmax, or sigmoid where each class is judged by itself."""
        return "softmax"

    @abstractmethod
    def arrays(self) -> dict[str, np.ndarray]:
        """Everything learned, under the names used by `save`."""

    @classmethod
    @abstractmethod
    def from_arrays(cls, arrays: dict[str, np.ndarray], **common: Any) -> Self:
        """The head that `arrays` came from; `common` holds the fields of all heads."""

    @abstractmethod
    def logits(self, x: np.ndarray) -> np.ndarray:
        """The logits (n, classes) float32 of features (n, d).

        Raises:
            ConfigError: The head is nearest neighbours, which has no logits.
            BackboneError: Some features are not finite.
        """

    def predict_proba(self, x: np.ndarray) -> np.ndarray:
        """Probabilities (n, classes) float32 for features (n, d); after a softmax, each row sums to 1."""
        return softmax(self.logits(x))

    def dense_layers(self) -> list[Layer] | None:
        """The same head as layers with ReLU between them, for raw features; None if it has no layers.

        If `unit_length` is true, features must be scaled to length 1 first.
        """
        return None

    def save(self, path: Path) -> None:
        """Write one `.npz` of plain arrays, without pickle."""
        common = {"method": self.method, "classes": self.classes, "chosen": self.chosen, "curves": self.curves}
        with Path(path).open("wb") as file:
            np.savez(file, about=np.array(json.dumps(common)), **self.arrays())  # pyright: ignore[reportArgumentType]

    def _in_parts(self, x: np.ndarray, predict: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
        check(x)
        parts = [predict(part) for part in in_parts(x, self.ROWS)]
        return np.concatenate(parts) if parts else np.empty((0, self.classes), np.float32)


def softmax(logits: np.ndarray) -> np.ndarray:
    """Probabilities (n, c), computed in place of the logits."""
    logits -= logits.max(axis=1, keepdims=True)
    np.exp(logits, out=logits)
    logits /= logits.sum(axis=1, keepdims=True)
    return logits


def moments(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean (d,) and scale (d,) float32 of training features; a constant feature has scale 1."""
    mean = x.mean(axis=0, dtype=np.float64)
    squares = sum(
        np.square(part - mean).sum(axis=0) for part in in_parts(x, 4096)
    )  # in parts: x may be too large to copy
    scale = np.sqrt(squares / len(x))
    constant = scale <= 1e-6 * np.abs(mean)  # within float32 precision
    return mean.astype(np.float32), np.where(constant, 1, scale).astype(np.float32)


def standardised(x: np.ndarray, mean: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """Features (n, d) less their mean, in units of their scale."""
    x = x - mean
    x /= scale
    return x


def accuracy(scores: np.ndarray, labels: np.ndarray) -> float:
    """Share of rows (n, classes) whose largest score is that of the label (n,)."""
    return float(np.mean(scores.argmax(axis=1) == labels))


def in_parts(x: np.ndarray, rows: int) -> Iterator[np.ndarray]:
    """Consecutive parts of an array, of `rows` rows each."""
    return (x[start : start + rows] for start in range(0, len(x), rows))


def check(x: np.ndarray) -> None:
    """Raises BackboneError if a feature is not finite."""
    if not all(np.isfinite(part).all() for part in in_parts(x, 4096)):
        raise BackboneError(
            "Some features are not finite",
            "finite values",
            "Check the weights, the preprocessing and the input size",
        )
