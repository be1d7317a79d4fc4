"""HGNetV2 as a backbone: how to build it and find its weights. See `keras_loader`."""

from pathlib import Path
from typing import TYPE_CHECKING

from core.backbones import checkpoint_sources, checkpoints
from core.backbones.catalog import Backbone
from core.backbones.hgnetv2 import tensors
from core.backbones.hgnetv2.shapes import SHAPES
from core.backbones.keras_loader import pooling_layer

if TYPE_CHECKING:
    import keras

here, fetch, download_hint = checkpoints.here, checkpoint_sources.fetch, checkpoints.download_hint
locate, content = checkpoints.locate, checkpoints.content


def download_bytes(spec: Backbone) -> int:
    """About the size of the files to download, float32: timm's hold the classifier too."""
    return 4 * (spec.params_top or spec.params)


def build(spec: Backbone, size: int, pooling: str) -> "keras.Model":
    """The network, from `(b, s, s, 3)` to its pooled feature map."""
    import keras

    from core.backbones.hgnetv2.network import hgnetv2

    network = hgnetv2(size, *SHAPES[spec.name])
    return keras.Model(network.input, pooling_layer(pooling)(network.output), name=spec.name)


def fill(network: "keras.Model", spec: Backbone, path: Path | None) -> None:
    """Load weights into a network; None: it keeps its initial weights.

    Raises:
        WeightsError: The weights do not fit.
    """
    if path is not None:
        tensors.read(path, network, spec)
