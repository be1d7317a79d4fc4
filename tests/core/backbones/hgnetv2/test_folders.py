"""HGNetV2 from folders: its features against an independent forward pass and KerasHub's own model."""

import json
from pathlib import Path

import numpy as np
import pytest

from core import backbones
from core.backbones import graph
from core.backbones.hgnetv2.shapes import SHAPES, Shape
from core.config import RunConfig
from core.errors import WeightsError
from core.export.script import hgnetv2 as script
from tests.core.backbones.hgnetv2.folder import NORM, SMALL, shrink, written


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> str:
    return shrink(monkeypatch)


def convolved(x: np.ndarray, tensors: dict, name: str, stride: int = 1, relu: bool = True) -> np.ndarray:
    """A convolution of a map (h, w, c) as PyTorch pads it, then BatchNorm with its statistics."""
    kernel = tensors[f"{name}.conv.weight"]
    size, depthwise = kernel.shape[2], kernel.shape[1] == 1
    before, after = (size - 1) // 2, size // 2
    x = np.pad(x, ((before, after), (before, after), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(x, (size, size), (0, 1))[::stride, ::stride]  # (h, w, c, k, k)
    mixed = "hwcij,cij->hwc" if depthwise else "hwcij,ocij->hwo"
    y = np.einsum(mixed, windows, kernel[:, 0] if depthwise else kernel)
    weight, bias, mean, variance = (tensors[f"{name}.bn.{part}"] for part in NORM)
    y = (y - mean) / np.sqrt(variance + 1e-5) * weight + bias
    return np.maximum(y, 0) if relu else y


def forward(x: np.ndarray, tensors: dict) -> np.ndarray:
    """The last feature map (h, w, c) of an image (s, s, 3)."""
    x = convolved(x, tensors, "stem.stem1", 2)
    y = convolved(convolved(x, tensors, "stem.stem2a"), tensors, "stem.stem2b")
    padded = np.pad(x, ((0, 1), (0, 1), (0, 0)))
    pooled = np.max([padded[i : i + len(x), j : j + len(x)] for i in (0, 1) for j in (0, 1)], axis=0)
    x = convolved(np.concatenate([pooled, y], -1), tensors, "stem.stem3", 2)
    x = convolved(x, tensors, "stem.stem4")
    for stage, (_, _, depth) in enumerate(SMALL.stages):
        if stage:
            x = convolved(x, tensors, f"stages.{stage}.downsample", 2, relu=False)
        for block in range(depth):
            name, outputs = f"stages.{stage}.blocks.{block}", [x]
            for index in range(6):
                layer, y = f"{name}.layers.{index}", outputs[-1]
                if stage > 1:
                    y = convolved(y, tensors, f"{layer}.conv1", relu=False)
                    layer = f"{layer}.conv2"
                outputs.append(convolved(y, tensors, layer))
            y = convolved(np.concatenate(outputs, -1), tensors, f"{name}.aggregation.0")
            y = convolved(y, tensors, f"{name}.aggregation.1")
            x = x + y if block else y
    return x


@pytest.mark.slow
@pytest.mark.parametrize("size", [64, 50])
def test_a_folder_of_timm_gives_what_numpy_gets_from_its_tensors(model, tmp_path: Path, size):
    """At maps that halve, and at maps of odd sizes."""
    tensors = written(tmp_path / "folder")
    pixels = np.random.default_rng(1).normal(size=(2, size, size, 3)).astype(np.float32)
    maps = np.stack([forward(each, tensors) for each in pixels])
    for pooling, expected in {"avg": maps.mean((1, 2)), "max": maps.max((1, 2))}.items():
        network = backbones.load(model, weights=str(tmp_path / "folder"), input_size=size, pooling=pooling)
        np.testing.assert_allclose(np.asarray(network(pixels)), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.slow
def test_the_code_of_a_script_reads_the_folder_as_the_program_does(model, tmp_path: Path):
    import keras

    written(tmp_path / "folder")
    config = RunConfig(backbone=model, weights=str(tmp_path / "folder"), input_size=64)
    names = {"keras": keras, "np": np, "json": json, "INPUT_SIZE": 64, "WEIGHTS": config.weights}
    exec("\n".join(script.built(config, backbones.get(model))), names)
    pixels = np.random.default_rng(1).normal(size=(2, 64, 64, 3)).astype(np.float32)
    ours = backbones.load(model, weights=config.weights, input_size=64)
    np.testing.assert_array_equal(np.asarray(names["network"](pixels)), np.asarray(ours(pixels)))


def kerashub(shape: Shape):
    """KerasHub's model of a shape."""
    from keras_hub.models import HGNetV2Backbone

    inputs = [shape.stem[1], *(channels for _, channels, _ in shape.stages[:-1])]
    filters = [
        (before, width, channels, depth, 6, 3 if stage < 2 else 5)
        for stage, (before, (width, channels, depth)) in enumerate(zip(inputs, shape.stages, strict=True))
    ]
    return HGNetV2Backbone(
        depths=[depth for _, _, depth in shape.stages],
        embedding_size=shape.stem[1],
        hidden_sizes=[channels for _, channels, _ in shape.stages],
        stem_channels=[3, *shape.stem],
        hidden_act="relu",
        use_learnable_affine_block=False,
        stackwise_stage_filters=filters,
        apply_downsample=[False, True, True, True],
        use_lightweight_conv_block=[False, False, True, True],
        image_shape=(64, 64, 3),
    )


@pytest.mark.slow
def test_a_kerashub_preset_folder_gives_the_same_as_the_model_it_was_saved_from(model, tmp_path: Path):
    whole, rng = kerashub(SMALL), np.random.default_rng(2)
    for variable in whole.weights:
        variable.assign(rng.uniform(0.2, 0.6, variable.shape))
    whole.save_to_preset(str(tmp_path / "preset"))
    network = backbones.load(model, weights=str(tmp_path / "preset"), input_size=64)
    pixels = rng.normal(size=(2, 64, 64, 3)).astype(np.float32)
    expected = np.asarray(whole(pixels)["stage4"]).mean((1, 2))
    np.testing.assert_allclose(np.asarray(network(pixels)), expected, rtol=1e-4)
    with pytest.raises(WeightsError, match="is not HGNetV2B5: its shape is"):
        backbones.load("HGNetV2B5", weights=str(tmp_path / "preset"))


@pytest.mark.slow
def test_a_folder_of_another_model_is_refused_in_a_sentence(model, tmp_path: Path):
    written(tmp_path / "folder")
    with pytest.raises(WeightsError, match=r"holds a model of type 'hgnetv2_b4'\. Expected hgnetv2_b5"):
        backbones.load("HGNetV2B5", weights=str(tmp_path / "folder"))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["HGNetV2B4", "HGNetV2B5", "HGNetV2B6"])
def test_declared_facts_are_those_of_kerashubs_class_and_of_its_preset(name):
    from keras_hub.models import HGNetV2Backbone

    spec = backbones.get(name)
    with graph.without_values():
        assert kerashub(SHAPES[name]).count_params() == spec.params
    assert HGNetV2Backbone.presets[spec.preset]["metadata"]["params"] == spec.params
    classifier = 2048 * 2048 + 2049 * 1000  # a 1 x 1 convolution after the pooling, and a dense layer
    assert spec.params_top == spec.params + classifier
