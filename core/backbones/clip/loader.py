"""The image towers of CLIP as backbones: how to build them and where to find their weights. See `keras_loader`."""

import functools
import math
from pathlib import Path
from typing import TYPE_CHECKING

from core.backbones import checkpoint_sources, checkpoints
from core.backbones.catalog import Backbone
from core.backbones.clip import tensors, towers

if TYPE_CHECKING:
    import keras


here, fetch, download_hint = checkpoints.here, checkpoint_sources.fetch, checkpoints.download_hint
locate, content = checkpoints.locate, checkpoints.content


@functools.cache
def download_bytes(spec: Backbone) -> int:
    """About the size of the files to download: both towers, float32."""
    return 4 * sum(map(math.prod, tensors.expected(towers.SHAPES[spec.name], spec.default_size).values()))


def build(spec: Backbone, size: int, pooling: str) -> "keras.Model":
    """The image tower, from `(b, s, s, 3)` to the class token, before or after the projection; it has only one size."""
    return towers.pooled(towers.image(spec), spec, pooling)


def logits(spec: Backbone, path: Path | None) -> tuple[float, float | None]:
    """The factor on cosine similarities before the softmax, OpenAI's initial value if untrained; and no bias."""
    return (tensors.logit_scale(path, spec) if path else 1 / 0.07), None


def fill(network: "keras.Model", spec: Backbone, path: Path | None) -> None:
    """Load weights into an image tower; None: it keeps its initial weights.

    Raises:
        WeightsError: The weights do not fit.
    """
    towers.number_positions(network)
    if path is not None:
        tensors.read(path, network, spec, "image")
