"""Vision transformers of KerasHub as backbones: how to build them and find their weights. See `keras_loader`."""

from pathlib import Path
from typing import TYPE_CHECKING

from core.backbones import checkpoint_sources, checkpoints
from core.backbones.catalog import Backbone
from core.backbones.clip.layers import class_token
from core.backbones.hub import networks, tensors
from core.backbones.keras_loader import pooling_layer

if TYPE_CHECKING:
    import keras

here, fetch, download_hint = checkpoints.here, checkpoint_sources.fetch, checkpoints.download_hint
locate, content = checkpoints.locate, checkpoints.content


def download_bytes(spec: Backbone) -> int:
    """About the size of the files to download, float32."""
    return 4 * spec.params


def build(spec: Backbone, size: int, pooling: str) -> "keras.Model":
    """The network, from `(b, s, s, 3)` to the class token or the mean of the patches; Swin's to its pooled map."""
    import keras

    shape = networks.SHAPES[spec.name]
    if isinstance(shape, networks.Swin):
        from core.backbones.hub.swin import swin_transformer

        network = swin_transformer(size, shape.width, shape.depths, shape.heads, shape.window)
        return keras.Model(network.input, pooling_layer(pooling)(network.output), name=spec.name)
    network = networks.vision_transformer(
        size, shape.patch, shape.depth, shape.width, shape.heads, tokens=shape.tokens, scaled=shape.scaled
    )
    if pooling == "class":
        features = class_token("pooled")(network.output)
    else:
        patches = keras.layers.Cropping1D((shape.tokens, 0), name="patches_only")(network.output)
        features = keras.layers.GlobalAveragePooling1D(name="pooled")(patches)
    return keras.Model(network.input, features, name=spec.name)


def fill(network: "keras.Model", spec: Backbone, path: Path | None) -> None:
    """Load weights into a network; None: it keeps its initial weights.

    Raises:
        WeightsError: The weights do not fit.
    """
    if path is not None:
        tensors.read(path, network, spec)
