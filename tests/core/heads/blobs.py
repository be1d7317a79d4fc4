"""Data whose answer is planted: classes around centres."""

import numpy as np

from core import heads
from core.heads import Options

CLASSES, DIM = 3, 8
OPTIONS = Options(epochs=6, batch_size=16, learning_rate=0.1, hidden=16)


def blobs(seed: int, *, n: int = 120, spread: float = 0.3) -> tuple[np.ndarray, np.ndarray]:
    """Features (n, DIM) around one centre a class, far apart when spread is small."""
    random = np.random.default_rng(seed)
    labels = np.arange(n) % CLASSES
    centres = 3 * np.eye(CLASSES, DIM)
    return (centres[labels] + spread * random.normal(size=(n, DIM))).astype(np.float32), labels


def fit(method, *, spread=0.3, change=lambda x: x, keep=slice(None), options=OPTIONS, **more):
    (x, y), (x_val, y_val) = blobs(0, spread=spread), blobs(1, spread=spread)
    train, val = heads.Labelled(change(x)[keep], y[keep]), heads.Labelled(change(x_val), y_val)
    return heads.fit(method, train, val, classes=CLASSES, options=options, **more)
