"""The depths of HGNetV2, and what its layers see, are those of its blocks."""

from pathlib import Path

import numpy as np
import pytest

from core.explain import activations
from core.features import layers
from tests.core.backbones.hgnetv2.folder import NAME, shrink

pytestmark = pytest.mark.slow


def test_its_layers_and_what_they_see_are_of_its_blocks(monkeypatch: pytest.MonkeyPatch, home: Path):
    shrink(monkeypatch)
    depths = [(depth.block, depth.size, depth.channels) for depth in layers.of(NAME, 64)]
    blocks = ("stage_0_block_0", "stage_1_block_0", "stage_2_block_0", "stage_3_block_1")
    assert depths == list(zip(blocks, (16, 8, 4, 2), (8, 12, 16, 20), strict=True))
    photo = np.random.default_rng(0).integers(0, 255, (64, 64, 3)).astype(np.uint8)
    seen = activations.see(NAME, photo, 64)
    assert [each.size for each in seen.feature_maps] == [16, 8, 4, 2] and seen.filters_of == 4
