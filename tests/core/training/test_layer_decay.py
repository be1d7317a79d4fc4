"""Layer-wise decay: how far each block is from the head. That weights move at these rates: test_trainer.py."""

import pytest

from core.config import RunConfig
from core.training import freezing, layer_decay


@pytest.mark.slow
@pytest.mark.parametrize(
    ("backbone", "size", "expected"),
    [
        ("ViTB32", 32, {"stem": 13, "transformer_block_0": 12, "transformer_block_11": 1, "layer_norm": 0}),
        ("SwinTiny", 64, {"stem": 13, "stage_0_block_0": 12, "stage_3_block_1": 1, "layer_norm": 0}),
        ("ConvNeXtTiny", 32, {"stem": 5, "stage_0": 4, "stage_3": 1, "pool": 0}),
        ("MobileNetV2", 32, {"stem": 19, "expanded_conv": 18, "block_16": 2, "Conv_1": 1}),
        ("ResNet50V2", 32, {"stem": 17, "conv2_block1": 16, "conv5_block3": 1, "post": 0}),
    ],
)
def test_blocks_are_counted_from_the_head_and_normalisation_after_the_last_is_not(backbone, size, expected):
    config = RunConfig(backbone=backbone, method="finetune", input_size=size, unfreeze="all")
    distances = layer_decay.distances(freezing.describe(config))
    assert {name: distances[name] for name in expected} == expected


def test_each_block_that_trains_has_a_rate():
    config = RunConfig(backbone="Tiny", method="finetune", learning_rate=1e-3, layer_decay=0.5, unfreeze_count=2)
    rates = layer_decay.rates(freezing.describe(config), config)
    assert rates == pytest.approx({"block2": 2.5e-4, "block3": 5e-4})


def test_only_a_fine_tune_has_layer_wise_decay():
    assert RunConfig(backbone="Tiny", method="scratch", layer_decay=0.5) == RunConfig(backbone="Tiny", method="scratch")
