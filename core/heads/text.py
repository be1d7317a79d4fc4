"""The head of a zero-shot run: the class whose text is most similar to the image, by scaled cosine."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from core import neighbours
from core.heads.head import Head, Layer

METHOD = "zero-shot"


@dataclass(frozen=True, eq=False, kw_only=True)
class TextHead(Head):
    """One direction per class, from texts; nothing is trained."""

    texts: np.ndarray  # (classes, d) float32, each of length 1
    logit_scale: float  # positive; larger values give more confident predictions
    method: str = METHOD

    unit_length = True

    def arrays(self) -> dict[str, np.ndarray]:
        return {"texts": self.texts, "scale": np.asarray(self.logit_scale, np.float32)}

    @classmethod
    def from_arrays(cls, arrays: dict[str, np.ndarray], **common: Any) -> Self:
        return cls(texts=arrays["texts"], logit_scale=float(arrays["scale"]), **common)

    def logits(self, x: np.ndarray) -> np.ndarray:
        return self._in_parts(x, lambda part: neighbours.unit(part) @ self.texts.T * np.float32(self.logit_scale))

    def dense_layers(self) -> list[Layer]:
        kernel = self.texts.T * np.float32(self.logit_scale)
        return [Layer(kernel, np.zeros(self.classes, np.float32))]
