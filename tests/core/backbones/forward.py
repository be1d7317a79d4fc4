"""The steps of a transformer in NumPy, from the names of tensors in a published file alone."""

import math

import numpy as np


def norm(x: np.ndarray, tensors: dict, name: str, epsilon: float) -> np.ndarray:
    x = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + epsilon)
    return x * tensors[f"{name}.weight"] + tensors[f"{name}.bias"]


def dense(x: np.ndarray, tensors: dict, name: str) -> np.ndarray:
    return x @ tensors[f"{name}.weight"].T + tensors[f"{name}.bias"]


def activated(x: np.ndarray, activation: str = "gelu") -> np.ndarray:
    if activation == "quick_gelu":
        return x / (1 + np.exp(-1.702 * x))
    if activation == "gelu_tanh":
        return x * 0.5 * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))
    return x * 0.5 * (1 + np.vectorize(math.erf)(x / math.sqrt(2)))


def attention(
    q: np.ndarray, k: np.ndarray, v: np.ndarray, heads: int, *, causal: bool = False, bias: np.ndarray | None = None
) -> np.ndarray:
    """Of tokens (t, width), head by head; the bias (t, t, heads) is added to the scores."""
    size, each = len(k), q.shape[-1] // heads
    mixed = []
    for head in range(heads):
        part = slice(head * each, (head + 1) * each)
        scores = q[:, part] @ k[:, part].T / math.sqrt(each)
        if bias is not None:
            scores = scores + bias[..., head]
        if causal:
            scores = np.where(np.tril(np.ones((size, size))) > 0, scores, -np.inf)
        scores = np.exp(scores - scores.max(-1, keepdims=True))
        mixed.append(scores / scores.sum(-1, keepdims=True) @ v[:, part])
    return np.concatenate(mixed, -1)


def patches(pixels: np.ndarray, kernel: np.ndarray, size: int) -> np.ndarray:
    """(s, s, 3) cut into squares, row by row, each times a kernel (width, 3, rows, columns)."""
    places = range(0, len(pixels), size)
    cut = [pixels[top : top + size, left : left + size] for top in places for left in places]
    return np.stack([np.einsum("yxc,ocyx->o", square, kernel) for square in cut])
