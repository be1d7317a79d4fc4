"""The graph of a part: what belongs together is one box, and ways around layers are seen as such."""

import functools
import re

import pytest

from core import anatomy
from dashboard.anatomy import graph as block_graph

describe = functools.cache(anatomy.describe)  # which builds a network


def opened(name: str, part: str, size: int = 0):
    return describe(name, size).parts[part]


def kinds(layers, every=False):
    return [[layer.kind for layer in box.layers] for box in block_graph.boxes(layers, every=every)]


def graph(name: str, part: str, size: int = 0, **look) -> str:
    found = describe(name, size)
    return block_graph.dot(found, part, anatomy.freeze(found, "layers", 0), **look)


def edges(dot: str) -> list[tuple[str, str, bool]]:
    return [(a, b, "penwidth=3" in look) for a, b, look in re.findall(r"^(\w+) -> (\w+)(.*)$", dot, re.M)]


def test_a_convolution_its_norm_and_its_activation_are_one_box():
    found = kinds(opened("ResNet20", "block2"))
    assert found == [["Conv2D", "BatchNormalization", "ReLU"], ["Conv2D", "BatchNormalization"], ["Add", "ReLU"]]
    assert sum(map(len, kinds(opened("ResNet20", "block2"), every=True))) == 7
    assert {len(box) for box in kinds(opened("ResNet20", "block2"), every=True)} == {1}


def test_every_layer_is_in_one_box_and_every_way_in_it_is_drawn():
    layers = opened("EfficientNetLite0", "block2", 64)
    names = [layer.name for box in block_graph.boxes(layers) for layer in box.layers]
    assert sorted(names) == sorted(layer.name for layer in layers)
    drawn = edges(graph("EfficientNetLite0", "block2", 64))
    assert len(drawn) == sum(len(box.layers[0].sources) for box in block_graph.boxes(layers))


def test_the_way_around_a_residual_block_is_marked_and_a_convolution_on_it_is_not():
    plain, widening = edges(graph("ResNet20", "block2")), edges(graph("ResNet20", "block4"))
    assert [(start, around) for start, _, around in plain if around] == [("from0", True)]
    assert not any(around for *_, around in widening)
    assert "residual block" in block_graph.description(describe("ResNet20"), "block2")
    assert "passes through a convolution" in block_graph.description(describe("ResNet20"), "block4")


def test_a_transformers_block_shows_attention_and_two_ways_around():
    layers = block_graph.unfolded(opened("ToyCLIP", "encoder_block_1"))
    assert kinds(layers) == [
        ["LayerNormalization", "MultiHeadAttention"],
        ["Add"],
        ["LayerNormalization", "Dense", "Activation"],
        ["Dense"],
        ["Add"],
    ]
    dot = graph("ToyCLIP", "encoder_block_1")
    assert "LayerNorm\\nAttention, 4 heads\\n65 × 128" in dot
    assert "LayerNorm\\nDense\\nquick GELU\\n65 × 256" in dot
    assert [(start, end) for start, end, around in edges(dot) if around] == [("from0", "box1"), ("box1", "box4")]
    assert "each of the 65 tokens" in block_graph.description(describe("ToyCLIP"), "encoder_block_1")
    found = describe("ToyCLIP")
    trains = block_graph.dot(found, "encoder_block_1", anatomy.freeze(found, "layers", 2))
    assert block_graph.LIGHT["trains"] in trains and block_graph.LIGHT["frozen"] not in trains


def test_one_way_through_is_said_so():
    assert "single path" in block_graph.description(describe("Tiny"), "block2")


def test_what_trains_has_another_colour_than_what_is_frozen_on_paper_and_on_black():
    found = describe("Tiny")
    frozen, trains = anatomy.freeze(found, "layers", 0), anatomy.freeze(found, "all")
    for dark, colours in ((False, block_graph.LIGHT), (True, block_graph.DARK)):
        assert colours["frozen"] in block_graph.dot(found, "block2", frozen, dark=dark)
        assert colours["frozen"] not in block_graph.dot(found, "block2", trains, dark=dark)
        assert colours["trains"] in block_graph.dot(found, "block2", trains, dark=dark)


def test_a_box_says_window_function_and_size_and_its_tooltip_the_names():
    dot = graph("ResNet20", "block4")
    assert "Conv 3 × 3, stride 2\\nBatchNorm · ReLU\\n16 × 16 × 32" in dot
    assert "block4_conv1 (Conv2D)" in dot
    assert 'label="from block3\\n32 × 32 × 16"' in dot


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "part", "said"),
    [
        ("ResNet50", "conv2_block2", "residual"),
        ("DenseNet121", "conv2_block2", "32 new channels are appended to all 96"),
        ("EfficientNetB0", "block3b", "squeeze and excitation"),
        ("InceptionV3", "mixed4", "4 paths are concatenated, 768 channels"),
        ("NASNetMobile", "normal_1", "added in 5 places. 6 paths are concatenated"),
        ("ConvNeXtTiny", "stage_0_block_1", "residual"),
        ("VGG16", "block3", "single path"),
    ],
)
def test_the_blocks_of_the_families_are_described_as_their_papers_do(name, part, said):
    assert said in block_graph.description(describe(name), part)


@pytest.mark.slow
def test_norms_and_activations_stand_where_the_network_has_them():
    assert "BatchNorm · ReLU\\nConv 3 × 3\\n" in graph("DenseNet121", "conv2_block2")
    assert "ReLU\\nSeparable 5 × 5\\nBatchNorm\\n" in graph("NASNetMobile", "normal_1")
    assert "Depthwise 7 × 7\\nLayerNorm\\n" in graph("ConvNeXtTiny", "stage_0_block_1")
    assert "Conv 1 × 1\\nBatchNorm · ReLU\\n" in graph("ResNet50", "conv2_block2")


@pytest.mark.slow
def test_a_cell_of_nasnet_has_the_two_inputs_and_the_five_sums_of_its_paper():
    dot = graph("NASNetMobile", "normal_1")
    assert len(re.findall(r"^from\d", dot.split("->")[0], re.M)) == 3  # two nodes, and the first edge's start
    assert dot.count('label="+"') == 5
    assert len(re.findall(r"Separable \d", dot)) == 10 and dot.count("Mean pool 3 × 3") == 3
    assert block_graph.widest(block_graph.boxes(opened("NASNetMobile", "normal_1"))) > 4
