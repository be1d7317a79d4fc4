"""What trains: every layer in one block of the architecture's own, and counts that are those of the network."""

import re
from dataclasses import asdict

import pytest

from core import backbones
from core.backbones import blocks
from core.backbones.catalog import BACKBONES
from core.config import RunConfig
from core.errors import ConfigError
from core.training import freezing

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
    "Tiny": (r"block[123]", set()),
    "From scratch": (r"block\d+", {"stem", "head"}),
}
COUNTS = {"ResNet50": 16, "MobileNetV2": 18, "VGG16": 5, "InceptionV3": 11, "InceptionResNetV2": 44, "Xception": 14}
COUNTS |= {"DenseNet121": 61, "MobileNet": 13, "EfficientNetB0": 16, "NASNetMobile": 16, "ConvNeXtTiny": 4, "Tiny": 3}


@pytest.fixture(params=["Tiny", "EfficientNetLite0"])
def network(request):
    return backbones.outline(request.param, input_size=64)


@pytest.mark.slow
@pytest.mark.parametrize("name", BACKBONES)
def test_every_layer_is_in_one_block_that_the_architecture_named(name):
    facts = BACKBONES[name]
    network = backbones.outline(name, input_size=facts.min_size)
    found = blocks.of(network)
    names = [layer for layers in found.values() for layer in layers]
    assert sorted(names) == sorted(layer.name for layer in network.layers)
    pattern, others = BLOCKS[facts.family]
    own = [block for block in found if re.fullmatch(pattern, block)]
    assert set(found) - set(own) - {"pool"} <= others
    assert list(found)[-1] == "pool" and found["pool"] == ["pooled"]
    assert name not in COUNTS or len(own) == COUNTS[name]
    assert own == sorted(own, key=own.index) and _rising(own)


@pytest.mark.slow
@pytest.mark.parametrize("name", BACKBONES)
def test_what_is_read_back_is_what_the_network_has(name):
    facts = BACKBONES[name]
    network = backbones.outline(name, input_size=facts.min_size)
    for unfreeze, count in (("all", 0), ("blocks", 1), ("layers", 5), ("all-but-batchnorm", 0)):
        freezing.apply(network, unfreeze, count)
        frozen = freezing.inspect(network, "training", unfreeze=unfreeze, count=count)
        assert (frozen.params, frozen.weight_layers) == (facts.params, facts.depth)
        assert frozen.trainable_params == sum(_size(weight) for weight in network.trainable_weights)
        assert frozen.params == sum(block.params for block in frozen.blocks)
        assert len(frozen.layers) == sum(block.layers for block in frozen.blocks)
        assert 0 < frozen.trainable_params <= frozen.params or (unfreeze, count) == ("layers", 5)
        for layer in frozen.layers:
            assert (layer.kind == "BatchNormalization") == (layer.batchnorm != "")


@pytest.mark.slow
def test_the_notebooks_slice_is_thirty_of_154_layers():
    frozen = freezing.describe(
        RunConfig(backbone="MobileNetV2", input_size=96, method="finetune", unfreeze="layers", unfreeze_count=30)
    )
    from keras.applications import MobileNetV2

    theirs = MobileNetV2(include_top=False, weights=None, input_shape=(96, 96, 3))
    for layer in theirs.layers[:-30]:
        layer.trainable = False
    assert (frozen.asked, frozen.slice_length) == (30, len(theirs.layers)) == (30, 154)
    assert frozen.trainable_params == sum(_size(weight) for weight in theirs.trainable_weights)
    assert frozen.trainable_weight_layers == sum(bool(layer.trainable_weights) for layer in theirs.layers)


@pytest.mark.parametrize("unfreeze", ["layers", "blocks"])
def test_the_last_ones_train_and_the_pooling_is_not_counted(network, unfreeze):
    freezing.apply(network, unfreeze, 1)
    frozen = freezing.inspect(network)
    own = [layer for layer in frozen.layers if layer.block != "pool"]
    chosen = own[-1:] if unfreeze == "layers" else [layer for layer in own if layer.block == own[-1].block]
    assert {layer.name for layer in own if layer.trainable_params} == {
        layer.name for layer in chosen if layer.weight_layer
    }


def test_a_plan_replaces_the_one_before_it(network):
    freezing.apply(network, "blocks", 1)
    first = freezing.inspect(network)
    freezing.apply(network, "all", 0)
    freezing.apply(network, "blocks", 1)
    assert freezing.inspect(network) == first


def test_everything_but_batchnorm_leaves_the_batchnorm_alone():
    network = backbones.outline("EfficientNetLite0", input_size=64)
    freezing.apply(network, "all-but-batchnorm", 0)
    for layer in freezing.inspect(network, "training").layers:
        if layer.kind == "BatchNormalization":
            assert (layer.trainable_params, layer.batchnorm) == (0, "inference")
        else:
            assert layer.trainable_params == layer.params


def test_frozen_batchnorm_stays_in_inference_mode_even_when_asked_to_train():
    network = backbones.outline("EfficientNetLite0", input_size=64)
    freezing.apply(network, "blocks", 1)
    modes = {block.name: block.batchnorm for block in freezing.inspect(network, "training").blocks}
    assert (modes["block15"], modes["head"], modes["pool"]) == ("inference", "training", "")


@pytest.mark.parametrize(("unfreeze", "count", "there"), [("layers", 99, "1 to 5"), ("blocks", 4, "1 to 3")])
def test_a_slice_longer_than_the_network_is_refused(unfreeze, count, there):
    with pytest.raises(ConfigError, match=there):
        freezing.describe(RunConfig(backbone="Tiny", method="finetune", unfreeze=unfreeze, unfreeze_count=count))


def test_describing_resets_no_seed_of_a_training_in_the_next_thread():
    import random

    drawn = set()
    for seed in (1, 2):
        freezing._hollow.cache_clear()
        freezing._describe.cache_clear()
        random.seed(seed)
        freezing.describe(RunConfig(backbone="Tiny", method="finetune", input_size=40))
        drawn.add(random.random())
    assert len(drawn) == 2


def test_a_description_is_plain_values():
    import json
    import pickle

    frozen = freezing.describe(RunConfig(backbone="Tiny", method="finetune"))
    assert json.loads(json.dumps(asdict(frozen)))["trainable_params"] == frozen.trainable_params
    assert pickle.loads(pickle.dumps(frozen)) == frozen


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"unfreeze": "layers", "unfreeze_count": 1}, "Nothing of the backbone trains: the last 1 of its 142"),
        ({"unfreeze": "all"}, "Nothing is frozen"),
        ({"batchnorm": "training", "batch_size": 8}, "batches of 8 images: noise"),
        ({"learning_rate": 1e-3}, "washes its pretrained weights away"),
    ],
)
def test_a_plan_that_a_lecturer_would_stop_is_warned_of(changes, said):
    config = RunConfig(method="finetune", **changes)
    assert said in " ".join(freezing.warnings(freezing.describe(config), config))


@pytest.mark.parametrize(
    "config",
    [
        RunConfig(method="finetune"),
        RunConfig(method="finetune", unfreeze="all-but-batchnorm"),
        RunConfig(method="finetune", batchnorm="training"),
        RunConfig(method="finetune", weights="untrained", learning_rate=1e-3),
        RunConfig(method="scratch"),
    ],
)
def test_a_sound_plan_is_left_in_peace(config):
    assert freezing.warnings(freezing.describe(config), config) == ()


def _rising(own: list[str]) -> bool:
    """Whether numbers of blocks of one kind go up."""
    last: dict[str, tuple] = {}
    for block in own:
        kind, key = re.sub(r"\d+[a-z]?$", "", block), (*map(int, re.findall(r"\d+", block)), block[-1:])
        if key < last.get(kind, ()):
            return False
        last[kind] = key
    return True


def _size(weight) -> int:
    import math

    return math.prod(weight.shape)
