"""The blocks of an architecture, by its own names: conv5_block3, block_16, stage_3."""

import re

from core.backbones import graph

# From a layer's name to its block, for the families of keras.applications and our own networks. Names that Keras
# numbers itself (conv2d_7) differ between processes; such layers belong to the block of their neighbours.
_NAMES = (
    (r"(conv\d+_block\d+)_", r"\1"),  # ResNet, ResNetV2, DenseNet
    (r"conv1_|pool1", "stem"),
    (r"(pool\d)_", r"\1"),  # DenseNet's transitions
    (r"post_(bn|relu)$", "post"),
    (r"(bn|relu)$", "bn"),  # after DenseNet's last block
    (r"(block_\d+)_", r"\1"),  # MobileNetV2
    (r"(expanded_conv(_\d+)?)_", r"\1"),  # MobileNetV2's first block, MobileNetV3
    (r"(Conv1|bn_Conv1)", "stem"),
    (r"Conv_1|out_relu", "Conv_1"),
    (r"conv_1(_bn)?$", "conv_1"),
    (r"conv(1|1_bn|1_relu|_bn)?$", "stem"),  # MobileNet and V3
    (r"conv_(?:dw|pw|pad)_(\d+)", r"block_\1"),  # MobileNet: its `block_id`
    (r"(block(?:35|17|8)_\d+)_", r"\1"),  # InceptionResNetV2
    (r"(mixed_?\d+[a-z]?)$", r"\1"),  # both Inceptions: the name of a block's last layer
    (r"conv_7b", "conv_7b"),
    (r"(block\d+[a-z]?)_", r"\1"),  # VGG, Xception, EfficientNet, our own
    (r"(?:stem_conv1|stem_bn1|stem_(?!\d))", "stem"),
    (r"(top|head)_", r"\1"),
    (r"(?:reduction|normal|separable|adjust)_\w*?(stem_\d+|reduce_\d+)$", r"\1"),  # NASNet's cells
    (r"(?:reduction|normal|separable|adjust)_\w*?(\d+)$", r"normal_\1"),
    (r"embedding$|pre_layer_norm$", "stem"),  # CLIP's image tower
    (r"(encoder_block_\d+|layer_norm|projection)$", r"\1"),
    (r"(transformer_block_\d+|stage_\d+_block_\d+|attention_pool)_", r"\1"),  # other transformers
    (r"convnext_\w+?_(stage_\d)_", r"\1"),
    (r"convnext_\w+?_(?:prestem|stem)", "stem"),
)
_DOWNSAMPLING = re.compile(r"convnext_\w+?_downsampling_block_(\d)")  # the entry of the next stage


def of(network) -> dict[str, list[str]]:
    """Block name -> names of its layers, in forward order; every layer is in exactly one block.

    Names are those of the architecture; `stem` comes before its first block, `pool` is the pooling at the end.
    """
    layers = list(network.layers)
    position = {layer.name: index for index, layer in enumerate(layers)}
    before = {layer.name: _before(layer) for layer in layers}
    after: dict[str, list[str]] = {layer.name: [] for layer in layers}
    for name, sources in before.items():
        for source in sources:
            after[source].append(name)

    named = {layer.name: _named(layer.name) for layer in layers}
    pool = pooling(network).name
    named[pool] = "pool"
    _name_inception_stem(layers, named)
    rank: dict[str, int] = {}
    for layer in layers:
        rank.setdefault(named[layer.name], len(rank))
    kinds = {layer.name: type(layer).__name__ for layer in layers}
    for layer in layers:  # from the layers before: a sum ends its block, an activation follows its BatchNorm
        candidates = [named[source] for source in before[layer.name] if named[source]]
        follows = len(candidates) == 1 and not layer.weights and kinds[before[layer.name][0]] == "BatchNormalization"
        if not named[layer.name] and candidates and (len(before[layer.name]) > 1 or follows):
            named[layer.name] = max(candidates, key=rank.__getitem__)
    for layer in reversed(layers):  # from the layers after: branches belong to the block of their end
        candidates = [named[target] for target in after[layer.name] if named[target] not in ("", "pool")]
        if not named[layer.name] and candidates:
            named[layer.name] = min(candidates, key=rank.__getitem__)
    for layer in layers:  # the last layers: from the layers before
        if not named[layer.name]:
            sources = before[pool] if before[layer.name] == [pool] else before[layer.name]
            named[layer.name] = named[sources[-1]] if sources else "stem"

    layers_of: dict[str, list[str]] = {}
    for name in sorted(position, key=position.__getitem__):
        layers_of.setdefault(named[name], []).append(name)
    return layers_of


def pooling(network):
    """The layer from positions to features, in a network from `backbones.load`: the last, or before a LayerNorm."""
    return next((layer for layer in network.layers if layer.name == "pooled"), network.layers[-1])


def _before(operation) -> list[str]:
    """Names of the layers whose outputs it takes; bare operations between them (ConvNeXt's `+`) are skipped."""
    from keras import Layer

    names = []
    for source in graph.sources(operation):
        names += [source.name] if isinstance(source, Layer) else _before(source)
    return list(dict.fromkeys(names))


def _named(layer: str) -> str:
    """The block given by a layer's name, or ""."""
    if match := _DOWNSAMPLING.match(layer):
        return f"stage_{int(match[1]) + 1}"
    for pattern, block in _NAMES:
        if match := re.match(pattern, layer):
            return match.expand(block) if "\\" in block else block
    return ""


def _name_inception_stem(layers: list, named: dict[str, str]) -> None:
    """Inception's stem layers have no names; the stem ends at the max pooling before the first mixed block."""
    first = next((index for index, layer in enumerate(layers) if layer.name.startswith("mixed")), 0)
    pools = [index for index, layer in enumerate(layers[:first]) if type(layer).__name__ == "MaxPooling2D"]
    for layer in layers[: pools[-1] + 1 if pools else 0]:
        named[layer.name] = "stem"
