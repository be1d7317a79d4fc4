"""What every architecture keeps, each on one network of shapes alone: blocks, freezing, anatomy, published numbers."""

import math
import re
from collections.abc import Iterator
from dataclasses import replace

import pytest

from core import anatomy, backbones
from core.backbones import blocks
from core.backbones.catalog import BACKBONES, Backbone
from core.backbones.clip import towers
from core.training import freezing

pytestmark = pytest.mark.slow

BLOCKS = {  # family -> (what the architecture calls its blocks, what else there is)
    "VGG": (r"block\d", set()),
    "ResNet": (r"conv\d_block\d+", {"stem"}),
    "ResNetV2": (r"conv\d_block\d+", {"stem", "post"}),
    "DenseNet": (r"conv\d_block\d+|pool[234]", {"stem", "bn"}),
    "Inception": (r"mixed\d+|mixed_\d[ab]|block(35|17|8)_\d+|conv_7b", {"stem"}),
    "Xception": (r"block\d+", set()),
    "MobileNet": (r"block_\d+|expanded_conv(_\d+)?|Conv_1|conv_1", {"stem"}),
    "NASNet": (r"stem_[12]|normal_\d+|reduce_\d+", {"stem"}),
    "EfficientNet": (r"block\d[a-z]|block\d+", {"stem", "top", "head"}),
    "EfficientNetV2": (r"block\d[a-z]", {"stem", "top"}),
    "ConvNeXt": (r"stage_[0-3]", {"stem"}),
    "CLIP": (r"encoder_block_\d+", {"stem", "layer_norm"}),
    **dict.fromkeys(("ViT", "DeiT", "DINOv2"), (r"transformer_block_\d+", {"stem", "layer_norm"})),
    "SigLIP2": (r"transformer_block_\d+", {"stem", "layer_norm", "attention_pool"}),
    "Swin": (r"stage_\d_block_\d+", {"stem", "layer_norm"}),
    "HGNetV2": (r"stage_\d_block_\d+", {"stem"}),
    "Tiny": (r"block[123]", set()),
    "From scratch": (r"block\d+", {"stem", "head"}),
}
COUNTS = {"ResNet50": 16, "MobileNetV2": 18, "VGG16": 5, "InceptionV3": 11, "InceptionResNetV2": 44, "Xception": 14}
COUNTS |= {"DenseNet121": 61, "MobileNet": 13, "EfficientNetB0": 16, "NASNetMobile": 16, "ConvNeXtTiny": 4, "Tiny": 3}
COUNTS |= {
    "ViTB16": 12,
    "ViTL16": 24,
    "DeiTTiny": 12,
    "DINOv2Large": 24,
    "SigLIP2B16": 12,
    "SwinTiny": 12,
    "HGNetV2B4": 6,
}

# Of the last feature map, as computed by Araujo et al. 2019 (https://doi.org/10.23915/distill.00021), Table 1
FIELDS = {"VGG16": 212, "ResNet50": 483, "MobileNet": 315, "MobileNetV2": 491, "InceptionV3": 1311}
FIELDS |= {"ResNet101": 1027, "ResNet152": 1507, "InceptionResNetV2": 3039}
# Millions of multiply-adds with the classifier, as the papers give them
MACS = {"MobileNet": 569, "MobileNetV2": 300, "NASNetMobile": 564, "NASNetLarge": 23_800, "VGG16": 15_500}
MACS |= {"EfficientNetB0": 390, "ConvNeXtTiny": 4_500, "Xception": 8_400, "MobileNetV3Small": 56}
# The same of the paper of Swin, to one decimal of thousand millions, and of timm
ROUNDED = {"SwinTiny": 4_500, "SwinSmall": 8_700, "SwinBase": 15_400}
ROUNDED |= {"HGNetV2B4": 2_800, "HGNetV2B5": 6_600, "HGNetV2B6": 16_900}
# Thousand millions of operations of the image tower with its projection, two for a multiply-add, as OpenCLIP counts
# them (github.com/mlfoundations/open_clip, docs/model_profile.csv)
CLIPS = {"CLIPViTB32": 8.82, "CLIPViTB16": 35.13, "CLIPViTL14": 162.03, "CLIPViTL14at336": 381.92}
CLIPS |= {"CLIPViTH14LAION": 334.59, "CLIPViTg14LAION": 534.06, "CLIPViTbigG14LAION": 967.5}


@pytest.fixture(scope="module", params=BACKBONES)
def architecture(request: pytest.FixtureRequest) -> Iterator[tuple[Backbone, object]]:
    """Its row of the catalog and its network, built once for all tests of this file."""
    backbone = BACKBONES[request.param]
    yield backbone, backbones.outline(backbone, input_size=backbone.default_size)


def test_every_layer_is_in_one_block_that_the_architecture_named(architecture):
    backbone, network = architecture
    layers_of = blocks.of(network)
    names = [layer for layers in layers_of.values() for layer in layers]
    assert sorted(names) == sorted(layer.name for layer in network.layers)
    pattern, others = BLOCKS[backbone.family]
    own = [block for block in layers_of if re.fullmatch(pattern, block)]
    assert set(layers_of) - set(own) - {"pool"} <= others
    assert "pool" in list(layers_of)[-2:] and layers_of["pool"] == ["pooled"]  # a LayerNorm may follow (ConvNeXt)
    assert backbone.name not in COUNTS or len(own) == COUNTS[backbone.name]
    assert _rising(own)


def test_what_is_read_back_is_what_the_network_has(architecture):
    backbone, network = architecture
    for unfreeze, count in (("blocks", 1), ("layers", 5), ("all-but-batchnorm", 0), ("all", 0)):
        freezing.apply(network, unfreeze, count)
        frozen = freezing.inspect(network, "training", unfreeze=unfreeze, count=count)
        assert (frozen.params, frozen.weight_layers) == (backbone.params, backbone.depth)
        assert frozen.trainable_params == _size(network.trainable_weights)
        assert frozen.params == sum(block.params for block in frozen.blocks)
        assert len(frozen.layers) == sum(block.layers for block in frozen.blocks)
        assert 0 < frozen.trainable_params <= frozen.params or (unfreeze, count) == ("layers", 5)
        for layer in frozen.layers:
            assert (layer.kind == "BatchNormalization") == (layer.batchnorm != "")
        assert any(layer.batchnorm for layer in frozen.layers) == backbone.batchnorm


def test_what_was_published_is_of_architectures_that_there_are():
    assert {*FIELDS, *MACS, *ROUNDED, *CLIPS} <= set(BACKBONES)


def test_its_anatomy_is_that_of_the_network_and_freezes_as_the_network_does(architecture, monkeypatch):
    backbone, network = architecture
    monkeypatch.setattr(backbones, "outline", lambda *_, **__: network)  # not built again
    freezing.apply(network, "all", 0)
    described = anatomy.describe(backbone.name)
    assert described.params == backbone.params == network.count_params()
    assert described.depth == backbone.depth == len(backbones.weight_layers(network))
    assert network.output_shape == (None, backbone.feature_dim)
    assert len(described.holders) == len(network.layers)
    shapes = [layer.shape for layer in described.layers if layer.kind != "Sequential"]
    assert shapes[-1] == (backbone.feature_dim,)
    assert described.macs == _macs(network)
    assert {len(layer.window) for layer in described.layers} == {2}
    assert anatomy.freeze(described, "all").trainable_params == _size(network.trainable_weights)
    names = [layer.name for layer in described.layers]
    assert len(set(names)) == len(names)
    known = set()
    for layer in described.layers:  # in an order in which every layer comes after those it takes from
        assert known.issuperset(layer.sources)
        known.add(layer.name)
    assert sum(map(len, described.parts.values())) == len(described.layers)
    assert anatomy.find(backbone.name) == described
    _is_as_published(backbone, described)

    for unfreeze, count in (("layers", 3), ("blocks", 2), ("all-but-batchnorm", 0)):
        freezing.apply(network, unfreeze, count)
        expected = freezing.inspect(network, unfreeze=unfreeze, count=count)
        assert _nameless(anatomy.freeze(described, unfreeze, count)) == _nameless(expected)


def _is_as_published(backbone: Backbone, found: anatomy.Anatomy) -> None:
    """Receptive field and multiply-adds, of those of which they were published."""
    if field := FIELDS.get(backbone.name):
        assert found.receptive == (field, field)
    if macs := MACS.get(backbone.name):
        classifier = backbone.params_top - backbone.params  # one multiplication for a parameter
        assert math.isclose((found.macs + classifier) / 1e6, macs, rel_tol=0.03)
    if macs := ROUNDED.get(backbone.name):
        assert found.macs / 1e6 == pytest.approx(macs, rel=0.02 if backbone.family == "Swin" else 0.03)
    if operations := CLIPS.get(backbone.name):
        projection = found.layers[-1].outputs * towers.SHAPES[backbone.name].dim  # of the class token
        assert math.isclose(2 * (found.macs + projection) / 1e9, operations, rel_tol=0.002)
        assert found.receptive is None


def _rising(own: list[str]) -> bool:
    """Whether numbers of blocks of one kind go up."""
    last: dict[str, tuple] = {}
    for block in own:
        kind, key = re.sub(r"\d+[a-z]?$", "", block), (*map(int, re.findall(r"\d+", block)), block[-1:])
        if key < last.get(kind, ()):
            return False
        last[kind] = key
    return True


def _macs(model) -> int:
    """Counted otherwise: from what each layer says of itself, not from its variables."""
    total = 0
    for layer in backbones.weight_layers(model):
        kind, places = type(layer).__name__, math.prod(layer.output.shape[1:-1])
        source = layer.input[0] if isinstance(layer.input, list) else layer.input  # the queries of attention
        given, taken = layer.output.shape[-1], source.shape[-1]
        if kind == "Conv2D":
            total += places * math.prod(layer.kernel_size) * (taken // layer.groups) * given
        elif kind == "DepthwiseConv2D":
            total += places * math.prod(layer.kernel_size) * given
        elif kind == "SeparableConv2D":
            total += places * (math.prod(layer.kernel_size) * taken * layer.depth_multiplier + taken * given)
        elif kind == "Dense":
            total += places * taken * given
        elif kind == "MultiHeadAttention":
            # q and the output of each query, k and v of each token; of each pair a product a head, one with the values
            tokens = layer.input[1].shape[1]
            total += 2 * (places + tokens) * taken * given + 2 * places * tokens * layer.num_heads * layer.key_dim
        elif kind == "WindowAttention":  # none of its maps is filled up at 224 px
            total += 4 * places * taken * given + 2 * places * min(layer.window**2, places) * given
        elif kind == "CLIPVisionEmbedding":
            config = layer.get_config()
            across = model.input.shape[1] // config["patch_size"]
            total += (across * config["patch_size"]) ** 2 * 3 * config["hidden_dim"]  # each pixel once a channel
        elif kind == "CLIPEncoderLayer":
            config, tokens = layer.get_config(), layer.input.shape[1]
            width, head = config["hidden_dim"], config["hidden_dim"] // config["num_heads"]
            each_head = (
                3 * tokens * width * head + 2 * tokens**2 * head + tokens * head * width
            )  # q, k, v; by tokens; out
            total += config["num_heads"] * each_head + 2 * tokens * width * config["intermediate_dim"]
    return total


def _nameless(frozen: freezing.Frozen) -> freezing.Frozen:
    """Without the names that Keras numbers, which count on from network to network."""
    return replace(frozen, layers=tuple(replace(layer, name="") for layer in frozen.layers))


def _size(weights) -> int:
    return sum(math.prod(weight.shape) for weight in weights)
