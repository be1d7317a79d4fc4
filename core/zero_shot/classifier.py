"""Zero-shot classification in NumPy: texts and images share one space, and the most similar text is the answer.

    head(texts (k, t, d)) (k, d)  ->  cosines(images (n, d), head) (n, k)  ->  probabilities (n, k)

Radford et al., Learning transferable visual models from natural language supervision, ICML 2021, section 3.1.
"""

import numpy as np

from core import metrics, neighbours
from core.errors import ConfigError
from core.heads import Scaling, TextHead

METHOD = TextHead.method


def head(texts: np.ndarray) -> np.ndarray:
    """The direction (k, d) of each class: the mean of the directions of its prompts' embeddings (k, t, d)."""
    k, t, d = texts.shape
    directions = neighbours.unit(np.asarray(texts, np.float32).reshape(k * t, d)).reshape(k, t, d)
    return neighbours.unit(directions.mean(axis=1))


def as_head(texts: np.ndarray, scaling: Scaling) -> TextHead:
    """Directions (k, d) as a head on features, which `runs` stores and every page can use."""
    return TextHead(classes=len(texts), texts=texts.astype(np.float32), scaling=scaling)


def cosines(images: np.ndarray, texts: np.ndarray) -> np.ndarray:
    """Cosine similarities (n, k) of images (n, d) and texts (k, d)."""
    return neighbours.unit(images) @ neighbours.unit(texts).T


def probabilities(similarities: np.ndarray, scaling: Scaling) -> np.ndarray:
    """Probabilities (n, k) of cosine similarities: a softmax or, with a bias, a sigmoid of each.

    Raises:
        ConfigError: The scale is not a positive finite number.
    """
    if not 0 < scaling.scale < np.inf:
        raise ConfigError(f"The logit scale is {scaling.scale}", "a positive number", "CLIP's own is about 100")
    return scaling.probabilities(scaling.logits(similarities))


def best_scale(labels: np.ndarray, similarities: np.ndarray, scales: np.ndarray, bias: float | None = None) -> float:
    """The scale with the smallest calibration error on these images; use validation images only."""
    tried = (probabilities(similarities, Scaling(float(scale), bias)) for scale in scales)
    errors = [metrics.calibration_error(labels, each) for each in tried]
    return float(scales[int(np.argmin(errors))])


def nearest(images: np.ndarray, query: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Indices and cosines of the k images (n, d) most similar to a text or an image (d,), most similar first."""
    similarity = cosines(images, query[None])[:, 0]
    order = np.argsort(-similarity, kind="stable")[:k]
    return order, similarity[order]
