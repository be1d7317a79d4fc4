"""Heads of dense layers: logistic regression has one, the hidden layer's two."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from core.heads.head import Head, Layer, standardised


@dataclass(frozen=True, eq=False, kw_only=True)
class DenseHead(Head):
    """Dense layers on standardised features, with ReLU between them and a softmax at the end."""

    mean: np.ndarray  # (d,) float32
    scale: np.ndarray  # (d,) float32
    layers: list[Layer]

    def arrays(self) -> dict[str, np.ndarray]:
        kernels = {f"kernel_{i}": layer.kernel for i, layer in enumerate(self.layers)}
        biases = {f"bias_{i}": layer.bias for i, layer in enumerate(self.layers)}
        return {"mean": self.mean, "scale": self.scale, **kernels, **biases}

    @classmethod
    def from_arrays(cls, arrays: dict[str, np.ndarray], **common: Any) -> Self:
        count = sum(name.startswith("kernel_") for name in arrays)
        layers = [Layer(arrays[f"kernel_{i}"], arrays[f"bias_{i}"]) for i in range(count)]
        return cls(mean=arrays["mean"], scale=arrays["scale"], layers=layers, **common)

    def logits(self, x: np.ndarray) -> np.ndarray:
        return self._in_parts(x, self._logits)

    def dense_layers(self) -> list[Layer]:
        """The layers, the first of them with the standardisation folded in.

        ((x - m) / s) W + b = x (W / s) + (b - (m / s) W)
        """
        kernel, bias, mean, scale = (array.astype(np.float64) for array in (*self.layers[0], self.mean, self.scale))
        first = kernel / scale[:, None], bias - (mean / scale) @ kernel
        return [Layer(*(array.astype(np.float32) for array in first)), *self.layers[1:]]

    def _logits(self, x: np.ndarray) -> np.ndarray:
        x = standardised(x, self.mean, self.scale)
        for i, (kernel, bias) in enumerate(self.layers):
            if i:
                np.maximum(x, 0, out=x)
            x = x @ kernel + bias
        return x
