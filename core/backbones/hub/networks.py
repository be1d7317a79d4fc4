"""Vision transformers written out, so that each of their layers can be looked at, frozen and cut like any other.

KerasHub's own classes hide all blocks in one layer; a test compares the parameters and the outputs with theirs. The
norms have the epsilon of the published code, 1e-6, where Transformers writes 1e-12 into its descriptions.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from core.backbones import networks


@dataclass(frozen=True)
class ViT:
    """The shape of a vision transformer."""

    patch: int  # pixels, square
    depth: int  # blocks
    width: int
    heads: int
    tokens: int = 1  # learned ones in front of the patches: the class token, and DeiT's for its teacher
    scaled: bool = False  # whether a learned scale follows attention and dense layers, as in DINOv2
    pretrained_size: int = 224  # pixels: the grid of the published position embeddings


@dataclass(frozen=True)
class Swin:
    """The shape of a Swin transformer, in four stages (see `swin`)."""

    width: int  # of the first stage; each later one has twice as many channels
    depths: tuple[int, ...]  # blocks
    heads: tuple[int, ...]
    patch: int = 4  # pixels, square
    window: int = 7  # positions, square


SHAPES: dict[str, "ViT | Swin"] = {
    "ViTB32": ViT(32, 12, 768, 12),
    "ViTB16": ViT(16, 12, 768, 12),
    "ViTL16": ViT(16, 24, 1024, 16),
    "DeiTTiny": ViT(16, 12, 192, 3, tokens=2),
    "DeiTSmall": ViT(16, 12, 384, 6, tokens=2),
    "DeiTBase": ViT(16, 12, 768, 12, tokens=2),
    "SwinTiny": Swin(96, (2, 2, 6, 2), (3, 6, 12, 24)),
    "SwinSmall": Swin(96, (2, 2, 18, 2), (3, 6, 12, 24)),
    "SwinBase": Swin(128, (2, 2, 18, 2), (4, 8, 16, 32)),
    "DINOv2Small": ViT(14, 12, 384, 6, scaled=True, pretrained_size=518),
    "DINOv2Base": ViT(14, 12, 768, 12, scaled=True, pretrained_size=518),
    "DINOv2Large": ViT(14, 24, 1024, 16, scaled=True, pretrained_size=518),
}


def source(name: str) -> str:
    """The code of a network, in plain Keras."""
    if isinstance(SHAPES[name], Swin):
        code = Path(__file__).with_name("swin.py").read_text(encoding="utf-8")  # importing it would load Keras
        return code[code.index("class WindowAttention") :]
    return networks.source(vision_transformer)


def vision_transformer(
    input_size: int,
    patch: int,
    depth: int,
    width: int,
    heads: int,
    *,
    tokens: int = 1,
    scaled: bool = False,
    activation: "str | Callable" = "gelu",
):
    """ViT (arXiv:2010.11929): preprocessed pixels (b, s, s, 3) to tokens (b, tokens + patches, width)."""
    from keras import Input, Model, layers
    from keras_hub.layers import PositionEmbedding

    patches = (input_size // patch) ** 2
    image = Input((input_size, input_size, 3), name="image")
    x = layers.Conv2D(width, patch, patch, name="stem_patches")(image)
    x = layers.Reshape((patches, width), name="stem_reshape")(x)
    if tokens:
        first = layers.Cropping1D((0, patches - tokens), name="stem_crop")(x)  # only its shape counts
        first = PositionEmbedding(tokens, "random_normal", name="stem_class_token")(first)  # the same for every image
        x = layers.Concatenate(axis=1, name="stem_tokens")([first, x])
    positions = PositionEmbedding(tokens + patches, "random_normal", name="stem_positions")(x)
    x = layers.Add(name="stem_add")([x, positions])
    x = transformer_blocks(x, depth, heads, scaled=scaled, activation=activation)
    return Model(image, x, name="vision_transformer")


def transformer_blocks(x, depth: int, heads: int, *, scaled: bool = False, activation: "str | Callable" = "gelu"):
    """Blocks of attention and dense layers on tokens (b, t, width), and a LayerNorm after the last."""
    from keras import layers

    def norm(x, name):
        return layers.LayerNormalization(epsilon=1e-6, name=name)(x)

    def add(x, y, name):
        if scaled:  # a number a channel
            y = layers.DepthwiseConv1D(1, use_bias=False, depthwise_initializer="ones", name=f"{name}_scale")(y)
        return layers.Add(name=f"{name}_add")([x, y])

    width = x.shape[-1]
    for index in range(depth):
        name = f"transformer_block_{index}"
        y = norm(x, f"{name}_norm1")
        y = layers.MultiHeadAttention(heads, width // heads, name=f"{name}_attention")(y, y)
        x = add(x, y, f"{name}_attention")
        y = norm(x, f"{name}_norm2")
        y = layers.Dense(4 * width, activation=activation, name=f"{name}_dense1")(y)
        y = layers.Dense(width, name=f"{name}_dense2")(y)
        x = add(x, y, f"{name}_dense")
    return norm(x, "layer_norm")


def attention_pool(x, heads: int, activation: "str | Callable"):
    """A learned query attends to all tokens (b, t, width), then two dense layers (arXiv:2106.04560): (b, 1, width)."""
    from keras import layers
    from keras_hub.layers import PositionEmbedding

    name, tokens, width = "attention_pool", x.shape[1], x.shape[2]
    query = layers.Cropping1D((0, tokens - 1), name=f"{name}_crop")(x)  # only its shape counts
    query = PositionEmbedding(1, "glorot_uniform", name=f"{name}_query")(query)  # the same for every image
    x = layers.MultiHeadAttention(heads, width // heads, name=f"{name}_attention")(query, x)
    y = layers.LayerNormalization(epsilon=1e-6, name=f"{name}_norm")(x)
    y = layers.Dense(4 * width, activation=activation, name=f"{name}_dense1")(y)
    y = layers.Dense(width, name=f"{name}_dense2")(y)
    return layers.Add(name=f"{name}_dense_add")([x, y])
