"""SigLIP 2's two networks, a transformer over image patches and one over text tokens, with a shared output space.

    images (b, s, s, 3) -> image tower -> patches (b, n, d) -> attention pooling -> (b, d)
    tokens (b, t)       -> text tower  -> last token (b, d) -> dense             -> (b, d)

Both are written out, as the other vision transformers are; tests compare parameters and outputs with KerasHub's.
"""

from dataclasses import dataclass

from core.backbones.catalog import Backbone
from core.backbones.clip.layers import class_token, tanh_gelu
from core.backbones.hub.networks import attention_pool, transformer_blocks, vision_transformer


@dataclass(frozen=True)
class Shape:
    """The shape of a SigLIP 2; its towers are equally deep and wide."""

    patch: int  # pixels, square
    depth: int  # blocks of each tower
    width: int
    heads: int
    vocabulary: int = 256_000  # Gemma's
    context: int = 64  # tokens, with the end and the padding
    pretrained_size: int = 224  # pixels: the grid of the published position embeddings

    @property
    def dim(self) -> int:
        """d, of the shared output space."""
        return self.width


SHAPES = {"SigLIP2B16": Shape(16, 12, 768, 12)}


def image(spec: Backbone, size: int, pooling: str):
    """The image tower, (b, s, s, 3) preprocessed -> (b, d); with pooling "patches" it ends in their mean."""
    from keras import Model, layers

    shape, activation = SHAPES[spec.name], tanh_gelu()
    network = vision_transformer(
        size, shape.patch, shape.depth, shape.width, shape.heads, tokens=0, activation=activation
    )
    if pooling == "attention":
        pooled = class_token("pooled")(attention_pool(network.output, shape.heads, activation))
    else:
        pooled = layers.GlobalAveragePooling1D(name="pooled")(network.output)
    return Model(network.input, pooled, name=spec.name)


def text(spec: Backbone):
    """The text tower, tokens (b, t) int32, of which all t are read -> (b, d)."""
    from keras import Input, Model, layers
    from keras_hub.layers import PositionEmbedding

    shape = SHAPES[spec.name]
    tokens = Input((shape.context,), dtype="int32", name="tokens")
    x = layers.Embedding(shape.vocabulary, shape.width, name="stem_tokens")(tokens)
    x = layers.Add(name="stem_add")([x, PositionEmbedding(shape.context, name="stem_positions")(x)])
    x = transformer_blocks(x, shape.depth, shape.heads, activation=tanh_gelu())
    x = layers.Dense(shape.width, name="projection")(x[:, -1])
    return Model(tokens, x, name=f"{spec.name}-text")


def params(spec: Backbone) -> int:
    """Weights of both towers, with the scale and the bias of their similarities."""
    shape, width = SHAPES[spec.name], SHAPES[spec.name].width
    block = 12 * width**2 + 13 * width  # attention, dense layers, norms
    tokens = (shape.vocabulary + shape.context) * width
    return spec.params + tokens + shape.depth * block + width * (width + 3) + 2
