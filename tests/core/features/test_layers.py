"""Depths: the feature maps that leave the blocks of a network, pooled, all in one pass."""

import numpy as np
import pytest

from core import backbones
from core.backbones import graph
from core.features import layers

FAMILIES = list({spec.family: name for name, spec in reversed(backbones.BACKBONES.items())}.values())


def test_the_depths_are_where_the_resolution_halves_and_the_last():
    found = layers.of("VGG16", 64)
    assert [(depth.block, depth.size, depth.channels) for depth in found] == [
        ("block1", 32, 64),
        ("block2", 16, 128),
        ("block3", 8, 256),
        ("block4", 4, 512),
        ("block5", 2, 512),
    ]


def test_many_blocks_of_one_resolution_show_their_middle_too():
    found = {depth.block: depth for depth in layers.of("MobileNetV2", 96)}
    assert list(found) == ["expanded_conv", "block_2", "block_5", "block_8", "block_12", "Conv_1"]
    assert found["block_8"].size == found["block_12"].size == 6
    assert found["Conv_1"].channels == backbones.get("MobileNetV2").feature_dim


def test_the_sum_that_closes_a_stage_belongs_to_it_even_where_it_is_no_layer():
    network = backbones.outline("ConvNeXtTiny", input_size=32)
    outputs = layers.outputs(network)
    entry = network.get_layer("convnext_tiny_downsampling_block_0")  # of stage 1: it takes what leaves stage 0
    first = entry.layers[0] if hasattr(entry, "layers") else entry
    assert outputs["stage_0"].shape == first.input.shape
    assert outputs["stage_0"] is next(use.inputs[0] for use in graph.uses(network) if use.operation is entry)


def test_the_cut_network_gives_the_pooled_maps_beside_each_other():
    import keras

    network = backbones.load("Tiny", input_size=16, weights="untrained")
    both, columns = layers.cut(network)
    x = np.random.default_rng(0).uniform(0, 255, (3, 16, 16, 3)).astype(np.float32)
    found = keras.ops.convert_to_numpy(both(x))
    assert columns == {"block1": (0, 8), "block2": (8, 24), "block3": (24, 40)}
    inner = keras.Model(network.input, layers.outputs(network)["block2"])
    expected = keras.ops.convert_to_numpy(inner(x)).mean(axis=(1, 2))
    np.testing.assert_allclose(found[:, slice(*columns["block2"])], expected, atol=1e-5)
    pooled = keras.ops.convert_to_numpy(network(x))  # the last depth is the network's own features
    np.testing.assert_allclose(found[:, slice(*columns["block3"])], pooled, atol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("name", FAMILIES)
def test_every_family_has_depths_whose_maps_shrink(name):
    found = layers.of(name)
    sizes, places = [depth.size for depth in found], [depth.place for depth in found]
    assert 2 <= len(found) <= 10
    assert sizes == sorted(sizes, reverse=True)
    assert places == sorted(set(places))
    assert len({depth.block for depth in found}) == len(found)
    assert found[-1].channels == backbones.get(name).feature_dim or name == "LeNet"
