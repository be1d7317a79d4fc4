"""CLIP's two networks, a transformer over image patches and one over text tokens, with a shared output space.

    images (b, s, s, 3) -> image tower -> class token (b, width) -> projection (b, d)
    tokens (b, t)       -> text tower  -> end token (b, width)   -> projection (b, d)

Layers are KerasHub's, not nested, so that everything that works on a Keras network works on these. The outputs are not
normalised; `core.zero_shot` computes scores from them.
"""

from dataclasses import dataclass

from core.backbones.catalog import Backbone
from core.backbones.clip.layers import class_token


@dataclass(frozen=True)
class Tower:
    """The shape of a transformer."""

    depth: int  # blocks
    width: int
    heads: int
    hidden: int  # units of the dense layer inside each block


@dataclass(frozen=True)
class Shape:
    """The shape of a CLIP."""

    patch: int  # pixels, square
    image: Tower
    text: Tower
    dim: int  # d, of the shared output space
    activation: str = "gelu"  # quick_gelu is OpenAI's approximation of it
    vocabulary: int = 49_408
    context: int = 77  # tokens, start and end among them


# fmt: off
_BASE_TEXT, _LARGE_TEXT = Tower(12, 512, 8, 2048), Tower(12, 768, 12, 3072)
_BASE_IMAGE, _LARGE_IMAGE = Tower(12, 768, 12, 3072), Tower(24, 1024, 16, 4096)
SHAPES = {
    "ToyCLIP": Shape(4, Tower(2, 128, 4, 256), Tower(2, 64, 2, 128), 64, "quick_gelu", vocabulary=768),
    "CLIPViTB32": Shape(32, _BASE_IMAGE, _BASE_TEXT, 512, "quick_gelu"),
    "CLIPViTB16": Shape(16, _BASE_IMAGE, _BASE_TEXT, 512, "quick_gelu"),
    "CLIPViTL14": Shape(14, _LARGE_IMAGE, _LARGE_TEXT, 768, "quick_gelu"),
    "CLIPViTL14at336": Shape(14, _LARGE_IMAGE, _LARGE_TEXT, 768, "quick_gelu"),
    "CLIPViTB32LAION": Shape(32, _BASE_IMAGE, _BASE_TEXT, 512),
    "CLIPViTH14LAION": Shape(14, Tower(32, 1280, 16, 5120), Tower(24, 1024, 16, 4096), 1024),
    "CLIPViTg14LAION": Shape(14, Tower(40, 1408, 16, 6144), Tower(24, 1024, 16, 4096), 1024),
    "CLIPViTbigG14LAION": Shape(14, Tower(48, 1664, 16, 8192), Tower(32, 1280, 20, 5120), 1280),
}
# fmt: on


def image(spec: Backbone):
    """The image tower, (b, s, s, 3) preprocessed as `images.PREPROCESSING["clip"]` -> (b, patches + 1, width)."""
    import keras
    from keras_hub.models import CLIPVisionEncoder

    shape, size = SHAPES[spec.name], spec.default_size
    tower = CLIPVisionEncoder(
        patch_size=shape.patch,
        image_shape=(size, size, 3),
        data_format="channels_last",
        intermediate_activation=shape.activation,
        **_sizes(shape.image),
    )
    x = inputs = keras.Input((size, size, 3), name="image")
    for layer in (tower.embedding, tower.pre_layer_norm, *tower.encoder_layers, tower.layer_norm):
        x = layer(x)
    return keras.Model(inputs, x, name=spec.name)


def pooled(network, spec: Backbone, pooling: str):
    """The image tower down to a vector: (b, width), or after the projection (b, d)."""
    import keras

    x = network.output
    if spec.own_pooling(pooling) == "projected":  # of every token, so that pooling is the last layer, as in any network
        x = keras.layers.Dense(SHAPES[spec.name].dim, use_bias=False, name="projection")(x)
    return keras.Model(network.input, class_token("pooled")(x), name=network.name)


def text(spec: Backbone):
    """The text tower, tokens (b, t) int32, padded with the end token or not at all -> (b, d), projected."""
    import keras
    from keras_hub.models import CLIPTextEncoder

    shape = SHAPES[spec.name]
    tower = CLIPTextEncoder(
        vocabulary_size=shape.vocabulary,
        embedding_dim=shape.text.width,
        max_sequence_length=shape.context,
        intermediate_activation=shape.activation,
        **_sizes(shape.text),
    )
    tower.layer_norm.epsilon = 1e-5  # as in OpenAI's CLIP and in all its other layers; KerasHub has 1e-6 here
    x = inputs = keras.Input((None,), dtype="int32", name="tokens")
    for layer in (tower.embedding, *tower.encoder_layers, tower.layer_norm):
        x = layer(x)
    x = _end_token(x, inputs)
    x = keras.layers.Dense(shape.dim, use_bias=False, name="projection")(x)
    return keras.Model(inputs, x, name=f"{spec.name}-text")


def params(spec: Backbone) -> int:
    """Weights of both towers with their projections: what papers give as the size of a CLIP."""
    shape, width, hidden = SHAPES[spec.name], SHAPES[spec.name].text.width, SHAPES[spec.name].text.hidden
    block = 4 * width * (width + 1) + 2 * width * hidden + hidden + width + 4 * width  # attention, dense layers, norms
    tokens = (shape.vocabulary + shape.context) * width
    return spec.params + shape.dim * shape.image.width + tokens + shape.text.depth * block + width * (2 + shape.dim)


def number_positions(network) -> None:
    """Set the patch positions of an image tower, which KerasHub keeps as weights initialised to 0."""
    ids = network.get_layer("embedding").position_ids
    import numpy as np

    ids.assign(np.arange(ids.shape[1])[None])


def _sizes(tower: Tower) -> dict[str, int]:
    return {
        "hidden_dim": tower.width,
        "num_layers": tower.depth,
        "num_heads": tower.heads,
        "intermediate_dim": tower.hidden,
    }


def _end_token(x, tokens):
    """The output (b, width) at the end token, which has the largest id."""
    from keras import ops

    positions = ops.reshape(ops.argmax(tokens, axis=-1), (-1, 1, 1))
    return ops.squeeze(ops.take_along_axis(x, positions, axis=1), axis=1)
