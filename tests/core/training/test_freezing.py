"""What trains: plans, their counts and their warnings. All architectures: tests/core/test_every_architecture.py."""

import functools
from dataclasses import asdict, replace

import pytest

from core import backbones
from core.config import RunConfig
from core.errors import ConfigError
from core.training import freezing


@functools.cache
def outline(name: str):
    """A network for all tests: each plan replaces the one before it."""
    return backbones.outline(name, input_size=64)


@pytest.fixture(params=["Tiny", "EfficientNetLite0"])
def network(request):
    return outline(request.param)


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


@pytest.mark.slow
@pytest.mark.parametrize("pooling", ["avg", "norm-avg"])
def test_the_layernorm_after_the_pooling_counts_as_it_did_before_it(pooling):
    config = RunConfig(backbone="ConvNeXtTiny", input_size=32, pooling=pooling, method="finetune", unfreeze="layers")
    one = freezing.describe(replace(config, unfreeze_count=1))
    assert (one.trainable_params, one.slice_length) == (2 * 768, 133)  # as many as Keras lists without pooling
    four = freezing.describe(replace(config, unfreeze_count=4))
    assert [layer.kind for layer in four.layers if layer.trainable_params] == [
        "Dense",
        "LayerScale",
        "LayerNormalization",
    ]
    block = freezing.describe(replace(config, unfreeze="blocks", unfreeze_count=1))
    assert block.slice_length == 5
    assert [row.name for row in block.blocks if row.trainable_params] == ["stage_3"]
    assert [row.name for row in block.blocks][-1] == "pool"


def test_a_plan_replaces_the_one_before_it(network):
    freezing.apply(network, "blocks", 1)
    first = freezing.inspect(network)
    freezing.apply(network, "all", 0)
    freezing.apply(network, "blocks", 1)
    assert freezing.inspect(network) == first


def test_everything_but_batchnorm_leaves_the_batchnorm_alone():
    network = outline("EfficientNetLite0")
    freezing.apply(network, "all-but-batchnorm", 0)
    for layer in freezing.inspect(network, "training").layers:
        if layer.kind == "BatchNormalization":
            assert (layer.trainable_params, layer.batchnorm) == (0, "inference")
        else:
            assert layer.trainable_params == layer.params


def test_frozen_batchnorm_stays_in_inference_mode_even_when_asked_to_train():
    network = outline("EfficientNetLite0")
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
    for seed, input_size in ((1, 41), (2, 42)):  # that no other test describes: not from a cache
        random.seed(seed)
        freezing.describe(RunConfig(backbone="Tiny", method="finetune", input_size=input_size))
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
        ({"batchnorm": "training", "batch_size": 8}, "batches of 8 images"),
        ({"learning_rate": 1e-3}, "destroys its pretrained weights"),
    ],
)
def test_a_plan_that_a_lecturer_would_stop_is_warned_of(changes, said):
    config = RunConfig(method="finetune", **changes)
    assert said in " ".join(freezing.warnings(freezing.describe(config), config, 1800))


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
    assert freezing.warnings(freezing.describe(config), config, 1800) == ()


@pytest.mark.parametrize(
    ("changes", "n_train", "said"),
    [
        ({"batch_size": 1}, 1800, "one image at a time"),
        ({"batch_size": 4}, 1800, "batches of 4 images"),
        ({"batch_size": 32}, 1793, "use batches of 33"),  # 56 batches and one image
        ({"batch_size": 32}, 1800, ""),
        ({"batch_size": 32}, 1794, ""),  # a last batch of two
        ({"batch_size": 1, "batchnorm": "inference"}, 1800, ""),
        ({"batch_size": 1, "unfreeze": "all-but-batchnorm"}, 1800, ""),
    ],
)
def test_batches_of_a_single_image_are_warned_of_where_batchnorm_trains(changes, n_train, said):
    config = RunConfig(method="finetune", **{"batchnorm": "training"} | changes)
    sentence = freezing.noisy_batchnorm(freezing.describe(config), config, n_train)
    assert said in sentence
    assert bool(sentence) == bool(said)


def test_from_scratch_there_is_no_inference_mode_to_choose():
    config = RunConfig(backbone="ResNet20", method="scratch", batch_size=1)
    sentence = freezing.noisy_batchnorm(freezing.describe(config), config, 1800)
    assert "one image at a time" in sentence
    assert "inference" not in sentence


def _size(weight) -> int:
    import math

    return math.prod(weight.shape)
