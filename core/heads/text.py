"""The head of a zero-shot run: the class whose text is most similar to the image, by scaled cosine."""

from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import numpy as np

from core import neighbours
from core.heads.head import Head, Layer, softmax

METHOD = "zero-shot"


class Scaling(NamedTuple):
    """How cosine similarities become logits, and these probabilities.

    With a bias, a sigmoid judges each class by itself, as SigLIP was trained: its probabilities need not sum to 1.
    """

    scale: float  # positive; larger values give more confident predictions
    bias: float | None = None

    @property
    def activation(self) -> str:
        """The function from logits to probabilities: softmax or sigmoid."""
        return "softmax" if self.bias is None else "sigmoid"

    def logits(self, cosines: np.ndarray) -> np.ndarray:
        """Logits of similarities (n, k)."""
        return cosines * np.float32(self.scale) + np.float32(self.bias or 0)

    def probabilities(self, logits: np.ndarray) -> np.ndarray:
        """Probabilities of logits (n, k), which may be overwritten."""
        if self.bias is None:
            return softmax(logits)
        return 1 / (1 + np.exp(-np.clip(logits, -80, 80)))  # neither 0 nor infinite in float32


@dataclass(frozen=True, eq=False, kw_only=True)
class TextHead(Head):
    """One direction per class, from texts; nothing is trained."""

    texts: np.ndarray  # (classes, d) float32, each of length 1
    scaling: Scaling
    method: str = METHOD

    unit_length = True

    @property
    def activation(self) -> str:
        return self.scaling.activation

    def arrays(self) -> dict[str, np.ndarray]:
        bias = {} if self.scaling.bias is None else {"bias": np.asarray(self.scaling.bias, np.float32)}
        return {"texts": self.texts, "scale": np.asarray(self.scaling.scale, np.float32), **bias}

    @classmethod
    def from_arrays(cls, arrays: dict[str, np.ndarray], **common: Any) -> Self:
        bias = float(arrays["bias"]) if "bias" in arrays else None
        return cls(texts=arrays["texts"], scaling=Scaling(float(arrays["scale"]), bias), **common)

    def logits(self, x: np.ndarray) -> np.ndarray:
        return self._in_parts(x, lambda part: self.scaling.logits(neighbours.unit(part) @ self.texts.T))

    def predict_proba(self, x: np.ndarray) -> np.ndarray:
        return self.scaling.probabilities(self.logits(x))

    def dense_layers(self) -> list[Layer]:
        kernel = self.texts.T * np.float32(self.scaling.scale)
        return [Layer(kernel, np.full(self.classes, self.scaling.bias or 0, np.float32))]
