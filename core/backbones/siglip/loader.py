"""The image tower of SigLIP 2 as a backbone: how to build it and where to find its weights. See `keras_loader`."""

from pathlib import Path
from typing import TYPE_CHECKING

from core.backbones import checkpoint_sources, checkpoints
from core.backbones.catalog import Backbone
from core.backbones.siglip import tensors, towers

if TYPE_CHECKING:
    import keras

here, fetch, download_hint = checkpoints.here, checkpoint_sources.fetch, checkpoints.download_hint
locate, content = checkpoints.locate, checkpoints.content


def download_bytes(spec: Backbone) -> int:
    """About the size of the files to download: both towers, float32."""
    return 4 * towers.params(spec)


def build(spec: Backbone, size: int, pooling: str) -> "keras.Model":
    """The image tower, from `(b, s, s, 3)` to what attention pools from the patches, or to their mean."""
    return towers.image(spec, size, pooling)


def logits(spec: Backbone, path: Path | None) -> tuple[float, float | None]:
    """The factor on cosine similarities before the sigmoid, and what is added; the paper's initial values if untrained.

    Raises:
        WeightsError: The weights do not fit.
    """
    return tensors.logits(path, spec) if path else (10.0, -10.0)


def fill(network: "keras.Model", spec: Backbone, path: Path | None) -> None:
    """Load weights into an image tower; None: it keeps its initial weights.

    Raises:
        WeightsError: The weights do not fit.
    """
    if path is not None:
        tensors.read(path, network, spec, "image")
