"""A small HGNetV2 under the name of HGNetV2B4, and folders of random tensors as timm lays them out."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core import backbones
from core.backbones.hgnetv2.shapes import SHAPES, Shape

NAME = "HGNetV2B4"
SMALL = Shape((4, 6), ((4, 8, 1), (4, 12, 1), (6, 16, 1), (6, 20, 2)))
NORM = ("weight", "bias", "running_mean", "running_var")


def shrink(monkeypatch: pytest.MonkeyPatch) -> str:
    """Give HGNetV2B4 the small shape; returns the name."""
    monkeypatch.setitem(SHAPES, NAME, SMALL)
    spec = replace(backbones.get(NAME), default_size=64, feature_dim=20, params=0, params_top=None)
    monkeypatch.setitem(backbones.BACKBONES, NAME, spec)
    return NAME


def written(folder: Path) -> dict[str, np.ndarray]:
    """Random tensors in timm's layout, with the classifier and the counters that are not read."""
    from safetensors.numpy import save_file

    rng = np.random.default_rng(5)
    tensors = {}
    for name, shape in _kernels().items():
        tensors[f"{name}.conv.weight"] = rng.normal(0, np.sqrt(2 / np.prod(shape[1:])), shape)
        for part, at in zip(NORM, (1, 0, 0, 1), strict=True):
            tensors[f"{name}.bn.{part}"] = at + rng.uniform(-0.3, 0.3, shape[0])
    tensors = {name: value.astype(np.float32) for name, value in tensors.items()}
    rest = {"head.fc.weight": np.zeros((3, 20), np.float32), "stem.stem1.bn.num_batches_tracked": np.zeros((), int)}
    folder.mkdir(parents=True)
    save_file(tensors | rest, folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps({"architecture": "hgnetv2_b4", "num_classes": 3}))
    return tensors


def _kernels() -> dict[str, tuple[int, ...]]:
    """Name of a convolution in the file -> shape of its kernel, outputs first."""
    inside, outside = SMALL.stem
    shapes = {"stem.stem1": (inside, 3, 3, 3), "stem.stem2a": (inside // 2, inside, 2, 2)}
    shapes |= {"stem.stem2b": (inside, inside // 2, 2, 2), "stem.stem3": (inside, 2 * inside, 3, 3)}
    shapes |= {"stem.stem4": (outside, inside, 1, 1)}
    before = outside
    for stage, (width, channels, depth) in enumerate(SMALL.stages):
        if stage:
            shapes[f"stages.{stage}.downsample"] = (before, 1, 3, 3)
        for block in range(depth):
            name = f"stages.{stage}.blocks.{block}"
            for index in range(6):
                inputs = width if index else before
                if stage < 2:
                    shapes[f"{name}.layers.{index}"] = (width, inputs, 3, 3)
                else:
                    shapes[f"{name}.layers.{index}.conv1"] = (width, inputs, 1, 1)
                    shapes[f"{name}.layers.{index}.conv2"] = (width, 1, 5, 5)
            shapes[f"{name}.aggregation.0"] = (channels // 2, before + 6 * width, 1, 1)
            shapes[f"{name}.aggregation.1"] = (channels, channels // 2, 1, 1)
            before = channels
    return shapes
