"""Ideas: one for every paper, told briefly; what they cost is what real layers cost."""

import math

import pytest

from core import backbones
from core.backbones.catalog import BACKBONES
from core.curriculum import arithmetic, ideas


@pytest.mark.parametrize("idea", ideas.IDEAS, ids=lambda idea: idea.title)
def test_an_idea_is_told_in_a_few_sentences(idea):
    assert 100 < len(idea.text) < 500
    assert idea.formula.count("{") == idea.formula.count("}") and idea.formula.isprintable()
    assert idea.paper.mark.endswith(idea.paper.url.rsplit("/", 1)[1]) or "arxiv" not in idea.paper.url


def test_every_architecture_has_the_idea_of_its_paper():
    assert all(ideas.of(name) for name in backbones.pretrained_names())
    assert ideas.of("TextbookInception").paper.title == "Going Deeper with Convolutions"
    assert ideas.of("TextbookResNet50") is ideas.of("ResNet50")
    assert ideas.of("CustomCNN") is None


def test_a_paper_is_cited_by_its_first_author():
    assert ideas.of("EfficientNetB0").paper.mark == "Tan and Le 2019, arXiv:1905.11946"
    assert ideas.of("ResNet50").paper.mark == "He et al. 2015, arXiv:1512.03385"
    assert ideas.of("Xception").paper.mark == "Chollet 2016, arXiv:1610.02357"


# What they cost


def counted(*layers, channels: int) -> int:
    from keras import Input, Sequential

    return Sequential([Input((16, 16, channels)), *layers]).count_params()


def test_a_transformers_block_multiplies_as_counted_on_the_network():
    from core import anatomy

    block = next(layer for layer in anatomy.describe("CLIPViTB32").layers if layer.kind == "CLIPEncoderLayer")
    assert sum(arithmetic.transformer_block(*block.shape)) == block.macs


def test_costs_are_those_of_real_layers():
    from keras import layers

    def conv(filters, kernel):
        return layers.Conv2D(filters, kernel, padding="same", use_bias=False)

    def depthwise(kernel):
        return layers.DepthwiseConv2D(kernel, padding="same", use_bias=False)

    assert arithmetic.standard(5, 12, 20) == counted(conv(20, 5), channels=12)
    assert sum(arithmetic.separable(3, 12, 20)) == counted(layers.SeparableConv2D(20, 3, use_bias=False), channels=12)
    assert arithmetic.stacked(3, 8) == (
        counted(*(conv(8, 3) for _ in range(3)), channels=8),
        counted(conv(8, 7), channels=8),
    )
    assert sum(arithmetic.reduced(5, 32, 16, 4)) == counted(conv(4, 1), conv(16, 5), channels=32)
    assert sum(arithmetic.bottleneck(16, 3)) == counted(conv(4, 1), conv(4, 3), conv(16, 1), channels=16)
    assert sum(arithmetic.inverted(16, 3, 6)) == counted(conv(96, 1), depthwise(3), conv(16, 1), channels=16)
    wide, narrow = layers.Dense(64, use_bias=False), layers.Dense(16, use_bias=False)
    assert sum(arithmetic.convnext_block(16, 7)) == counted(depthwise(7), wide, narrow, channels=16)


@pytest.mark.slow
def test_a_dense_block_costs_what_that_of_densenet_costs():
    network = backbones.outline("DenseNet121", input_size=32)
    convolutions = [
        layer for layer in network.layers if layer.name.startswith("conv3_block") and layer.name.endswith("_conv")
    ]
    found = sum(math.prod(layer.kernel.shape) for layer in convolutions)
    assert arithmetic.dense_block(start=128, growth=32, layers=12) == found
    assert arithmetic.dense_widths(128, 32, 12)[-1] == network.get_layer("conv3_block12_concat").output.shape[-1]


def test_separable_convolutions_leave_one_over_filters_and_one_over_the_window():
    look, mix = arithmetic.separable(3, 64, 128)
    assert (look + mix) / arithmetic.standard(3, 64, 128) == pytest.approx(1 / 128 + 1 / 9)


def test_the_search_space_grows_with_every_block():
    assert arithmetic.cells(1, operations=2) == 2**2 * 2**2 * 2
    assert arithmetic.cells(5) == (2 * 3 * 4 * 5 * 6) ** 2 * (13**2 * 2) ** 5


def test_a_step_of_phi_about_doubles_the_operations():
    assert arithmetic.compound(0) == {"depth": 1, "width": 1, "resolution": 1, "operations": 1}
    assert arithmetic.compound(1)["operations"] == pytest.approx(2, rel=0.05)


def test_the_table_has_the_sizes_that_scaling_is_compared_with():
    assert all(f"EfficientNetB{step}" in BACKBONES for step in range(8))
