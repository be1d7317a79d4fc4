"""Vision transformers from folders: features against an independent forward pass, and every kind of bad folder."""

from pathlib import Path

import numpy as np
import pytest

from core import backbones
from core.errors import ConfigError, WeightsError
from tests.core.backbones.forward import activated, attention, dense, norm, patches
from tests.core.backbones.hub.folder import HIDDEN, NAMES, SMALL, WIDTH, shrink, written


@pytest.fixture(params=SMALL)
def model(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a real model, of a small shape."""
    return shrink(request.param, monkeypatch)


def forward(pixels: np.ndarray, tensors: dict, name: str) -> np.ndarray:
    """The tokens (t, width) of an image of the size that the position embeddings were trained on."""
    family, shape = backbones.get(name).family, SMALL[name]
    epsilon, (norm_1, norm_2, wide, narrow) = 1e-6, NAMES[family]
    stem = "embeddings.patch_embeddings.projection"
    x = patches(pixels, tensors[f"{stem}.weight"], 8) + tensors[f"{stem}.bias"]
    first = [tensors[f"embeddings.{part}_token"][0] for part in ("cls", "distillation")[: shape.tokens]]
    x = np.concatenate([*first, x]) + tensors["embeddings.position_embeddings"][0]
    for index in range(shape.depth):
        block = f"encoder.layer.{index}"
        scales = [tensors.get(f"{block}.layer_scale{number}.lambda1", 1) for number in (1, 2)]
        inside = norm(x, tensors, f"{block}.{norm_1}", epsilon)
        q, k, v = (dense(inside, tensors, f"{block}.attention.attention.{part}") for part in ("query", "key", "value"))
        x = x + scales[0] * dense(attention(q, k, v, shape.heads), tensors, f"{block}.attention.output.dense")
        inside = activated(dense(norm(x, tensors, f"{block}.{norm_2}", epsilon), tensors, f"{block}.{wide}"))
        x = x + scales[1] * dense(inside, tensors, f"{block}.{narrow}")
    return norm(x, tensors, "layernorm", epsilon)


@pytest.mark.slow
def test_a_hugging_face_folder_gives_what_numpy_gets_from_its_tensors(model, tmp_path: Path):
    spec, size = backbones.get(model), SMALL[model].pretrained_size
    pixels = np.random.default_rng(1).normal(size=(2, size, size, 3)).astype(np.float32)
    for prefix in ("", f"{spec.family.lower()}."):  # as of a bare model, and of one with a classifier
        folder = tmp_path / f"folder{prefix}"
        tensors = written(folder, model, prefix=prefix)
        tokens = np.stack([forward(each, tensors, model) for each in pixels])
        expected = {"class": tokens[:, 0], "patches": tokens[:, SMALL[model].tokens :].mean(1)}
        for pooling, features in expected.items():
            network = backbones.load(spec, weights=str(folder), input_size=size, pooling=pooling)
            np.testing.assert_allclose(np.asarray(network(pixels)), features, rtol=1e-3, atol=1e-4)


@pytest.mark.slow
def test_a_kerashub_preset_folder_gives_the_same_as_the_model_it_was_saved_from(model, tmp_path: Path):
    import keras
    from keras_hub.models import DeiTBackbone, DINOV2Backbone, ViTBackbone

    shape = SMALL[model]
    size = (shape.pretrained_size, shape.pretrained_size, 3)
    whole = {
        "ViTB16": lambda: ViTBackbone(size, 8, 2, 3, WIDTH, HIDDEN),
        "DeiTTiny": lambda: DeiTBackbone(size, 8, 2, 3, WIDTH, HIDDEN),
        "DINOv2Small": lambda: DINOV2Backbone(
            8, 2, WIDTH, 3, HIDDEN, image_shape=size, position_embedding_shape=size[:2]
        ),
    }[model]()
    rng = np.random.default_rng(2)
    for variable in whole.weights:
        if keras.backend.is_float_dtype(variable.dtype):
            variable.assign(rng.normal(0, 0.5, variable.shape))
    if model == "DINOv2Small":  # what it computes with, and stores another time
        whole.embeddings.interpolated_position_embeddings.assign(whole.embeddings.position_embeddings)
    whole.save_to_preset(str(tmp_path / "preset"))
    network = backbones.load(model, weights=str(tmp_path / "preset"), input_size=size[0])
    pixels = rng.normal(size=(2, *size)).astype(np.float32)
    theirs = whole({"images": pixels} if model == "DINOv2Small" else pixels)
    np.testing.assert_allclose(np.asarray(network(pixels)), np.asarray(theirs)[:, 0], rtol=1e-3, atol=1e-4)
    with pytest.raises(WeightsError, match=r"holds a \w+Backbone of KerasHub\. Expected CLIPBackbone"):
        backbones.load("CLIPViTB32", weights=str(tmp_path / "preset"))
    with pytest.raises(WeightsError, match=r"is not DINOv2Base|Expected DINOV2Backbone"):
        backbones.load("DINOv2Base", weights=str(tmp_path / "preset"))


@pytest.mark.parametrize("model", ["DINOv2Small"], indirect=True)
def test_position_embeddings_of_another_grid_are_resized_and_keep_what_varies_evenly(model, tmp_path: Path):
    from core.backbones.hub.tensors import resized

    rows, columns = np.mgrid[:5, :5]
    ramp = np.stack([rows, columns], -1).reshape(25, 2).astype(np.float32)
    inside = resized(ramp, 10).reshape(10, 10, 2)[3:7, 3:7]  # away from the borders, which are repeated
    expected = (np.arange(10) + 0.5) / 2 - 0.5
    np.testing.assert_allclose(inside[:, 0, 0], expected[3:7], atol=0.05)
    np.testing.assert_array_equal(resized(ramp, 5), ramp)
    written(tmp_path / "folder", model)
    network = backbones.load(model, weights=str(tmp_path / "folder"), input_size=16)
    assert network.input_shape == (None, 16, 16, 3)


@pytest.mark.parametrize("model", ["ViTB16"], indirect=True)
def test_a_folder_of_another_model_or_cut_short_is_refused_in_a_sentence(model, tmp_path: Path):
    folder = tmp_path / "folder"
    written(folder, model)
    config, weights = folder / "config.json", folder / "model.safetensors"
    refused = {
        '{"model_type": "bert"}': "holds a model of type 'bert'. Expected vit",
        '{"model_type": "vit"}': "gives num_attention_heads 12. Expected 3, as ViTB16 has",
        '{"model_type": "vit", "num_attention_heads": 3, "hidden_act": "relu"}': "gives hidden_act relu",
        "{": "cannot be read",
    }
    whole = config.read_text()
    for text, message in refused.items():
        config.write_text(text)
        with pytest.raises(WeightsError, match=message):
            backbones.load(model, weights=str(folder))
    config.write_text(whole)
    content = weights.read_bytes()
    weights.write_bytes(content[: len(content) // 2])
    with pytest.raises(WeightsError, match="damaged or cut short"):
        backbones.load(model, weights=str(folder))
    with pytest.raises(WeightsError, match="is no folder"):
        backbones.load(model, weights=str(tmp_path / "nowhere"))


@pytest.mark.parametrize("model", ["DeiTTiny"], indirect=True)
def test_a_folder_without_some_tensors_names_one(model, tmp_path: Path):
    from safetensors.numpy import load_file, save_file

    folder = tmp_path / "folder"
    written(folder, model)
    tensors = load_file(folder / "model.safetensors")
    del tensors["embeddings.distillation_token"]
    save_file(tensors, folder / "model.safetensors")
    with pytest.raises(WeightsError, match=r"is not DeiTTiny: it lacks embeddings\.distillation_token"):
        backbones.load(model, weights=str(folder))


def test_a_size_that_patches_do_not_divide_and_a_class_token_that_is_not_there_are_refused():
    with pytest.raises(ConfigError, match=r"230 px into patches of 14 px.*multiple of 14 px.*Choose 224 or 238 px"):
        backbones.load("DINOv2Small", input_size=230, weights="untrained")
    with pytest.raises(ConfigError, match="VGG16 has no features of pooling 'class'"):
        backbones.load("VGG16", weights="untrained", pooling="class")
