"""SigLIP 2 from folders: both towers against an independent forward pass, and every kind of bad folder."""

import json
from pathlib import Path

import numpy as np
import pytest

from core import backbones
from core.backbones.siglip import tensors as siglip_tensors
from core.backbones.siglip import towers
from core.errors import WeightsError
from tests.core.backbones.forward import activated, attention, dense, norm, patches
from tests.core.backbones.siglip.folder import NAME, SIZE, SMALL, WIDTH, shrink, written

EPSILON = 1e-6  # of its norms


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    shrink(monkeypatch)


# The towers in NumPy, from the names in the file alone


def blocks(x: np.ndarray, tensors: dict, tower: str) -> np.ndarray:
    for index in range(SMALL.depth):
        name = f"{tower}.encoder.layers.{index}"
        inside = norm(x, tensors, f"{name}.layer_norm1", EPSILON)
        q, k, v = (dense(inside, tensors, f"{name}.self_attn.{part}_proj") for part in "qkv")
        x = x + dense(attention(q, k, v, SMALL.heads), tensors, f"{name}.self_attn.out_proj")
        x = x + mlp(norm(x, tensors, f"{name}.layer_norm2", EPSILON), tensors, name)
    return x


def mlp(x: np.ndarray, tensors: dict, name: str) -> np.ndarray:
    return dense(activated(dense(x, tensors, f"{name}.mlp.fc1"), "gelu_tanh"), tensors, f"{name}.mlp.fc2")


def of_patches(pixels: np.ndarray, tensors: dict) -> np.ndarray:
    embedding = "vision_model.embeddings.patch_embedding"
    x = patches(pixels, tensors[f"{embedding}.weight"], 8) + tensors[f"{embedding}.bias"]
    x = blocks(x + tensors["vision_model.embeddings.position_embedding.weight"], tensors, "vision_model")
    return norm(x, tensors, "vision_model.post_layernorm", EPSILON)


def pooled(x: np.ndarray, tensors: dict) -> np.ndarray:
    name = "vision_model.head"
    weight, bias = tensors[f"{name}.attention.in_proj_weight"], tensors[f"{name}.attention.in_proj_bias"]
    parts = (slice(index * WIDTH, (index + 1) * WIDTH) for index in range(3))
    q, k, v = (
        tokens @ weight[part].T + bias[part]
        for tokens, part in zip((tensors[f"{name}.probe"][0], x, x), parts, strict=True)
    )
    x = dense(attention(q, k, v, SMALL.heads), tensors, f"{name}.attention.out_proj")
    return (x + mlp(norm(x, tensors, f"{name}.layernorm", EPSILON), tensors, name))[0]


def of_text(tokens: np.ndarray, tensors: dict) -> np.ndarray:
    x = tensors["text_model.embeddings.token_embedding.weight"][tokens]
    x = blocks(x + tensors["text_model.embeddings.position_embedding.weight"], tensors, "text_model")
    return dense(norm(x, tensors, "text_model.final_layer_norm", EPSILON)[-1], tensors, "text_model.head")


@pytest.mark.slow
def test_a_hugging_face_folder_gives_what_numpy_gets_from_its_tensors(tmp_path: Path):
    tensors, rng = written(tmp_path / "folder"), np.random.default_rng(1)
    pixels = rng.normal(size=(2, SIZE, SIZE, 3)).astype(np.float32)
    seen = [of_patches(each, tensors) for each in pixels]
    expected = {"attention": [pooled(x, tensors) for x in seen], "patches": [x.mean(0) for x in seen]}
    for pooling, features in expected.items():
        network = backbones.load(NAME, weights=str(tmp_path / "folder"), pooling=pooling)
        np.testing.assert_allclose(np.asarray(network(pixels)), np.stack(features), rtol=1e-3, atol=1e-4)

    tokens = rng.integers(0, SMALL.vocabulary, (2, SMALL.context)).astype(np.int32)
    text = towers.text(backbones.get(NAME))
    siglip_tensors.read(tmp_path / "folder", text, backbones.get(NAME), "text")
    expected = np.stack([of_text(each, tensors) for each in tokens])
    np.testing.assert_allclose(np.asarray(text(tokens)), expected, rtol=1e-3, atol=1e-4)
    scale, bias = siglip_tensors.logits(tmp_path / "folder", backbones.get(NAME))
    assert (scale, bias) == pytest.approx((np.exp(tensors["logit_scale"].item()), tensors["logit_bias"].item()))


@pytest.mark.slow
def test_a_kerashub_preset_folder_gives_the_same_as_the_model_it_was_saved_from(tmp_path: Path):
    import keras
    from keras_hub.models import SigLIPBackbone, SigLIPTextEncoder, SigLIPVisionEncoder

    sizes = {"hidden_dim": WIDTH, "num_layers": SMALL.depth, "num_heads": SMALL.heads, "intermediate_dim": 4 * WIDTH}
    whole = SigLIPBackbone(
        SigLIPVisionEncoder(SMALL.patch, image_shape=(SIZE, SIZE, 3), **sizes),
        SigLIPTextEncoder(SMALL.vocabulary, WIDTH, max_sequence_length=SMALL.context, **sizes),
    )
    rng, spec = np.random.default_rng(2), backbones.get(NAME)
    for variable in whole.weights:
        if keras.backend.is_float_dtype(variable.dtype):
            variable.assign(rng.normal(0, 0.5, variable.shape))
    whole.save_to_preset(str(tmp_path / "preset"))
    network = backbones.load(NAME, weights=str(tmp_path / "preset"))
    pixels = rng.normal(size=(2, SIZE, SIZE, 3)).astype(np.float32)
    theirs = whole.get_vision_embeddings(pixels)
    np.testing.assert_allclose(np.asarray(network(pixels)), np.asarray(theirs), rtol=1e-3, atol=1e-4)

    text, tokens = towers.text(spec), rng.integers(0, SMALL.vocabulary, (2, SMALL.context)).astype(np.int32)
    siglip_tensors.read(tmp_path / "preset", text, spec, "text")
    theirs = whole.get_text_embeddings(tokens)
    np.testing.assert_allclose(np.asarray(text(tokens)), np.asarray(theirs), rtol=1e-3, atol=1e-4)
    scale, bias = siglip_tensors.logits(tmp_path / "preset", spec)
    assert (np.log(scale), bias) == pytest.approx([float(np.asarray(value)) for value in whole.siglip_head.weights])
    with pytest.raises(WeightsError, match=r"holds a SigLIPBackbone of KerasHub\. Expected CLIPBackbone"):
        backbones.load("CLIPViTB32", weights=str(tmp_path / "preset"))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"model_type": "siglip2"}, "is of a NaFlex variant"),
        ({"model_type": "bert"}, "gives model_type bert. Expected siglip"),
        ({"vision_config": {}}, "vision_config of .* gives num_attention_heads 12. Expected 3"),
        ({"text_config": {"num_attention_heads": 3}}, "gives vocab_size 32000. Expected 40, as SigLIP2B16 has"),
    ],
)
def test_a_folder_of_another_model_is_refused_in_a_sentence(tmp_path: Path, changed, message):
    written(tmp_path / "folder")
    config = tmp_path / "folder" / "config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | changed))
    with pytest.raises(WeightsError, match=message):
        backbones.load(NAME, weights=str(tmp_path / "folder"))


def test_a_folder_cut_short_or_of_one_tower_alone_is_refused_in_a_sentence(tmp_path: Path):
    from safetensors.numpy import save_file

    tensors = written(tmp_path / "folder")
    file = tmp_path / "folder" / "model.safetensors"
    content = file.read_bytes()
    file.write_bytes(content[: len(content) // 2])
    with pytest.raises(WeightsError, match="damaged or cut short"):
        backbones.load(NAME, weights=str(tmp_path / "folder"))
    save_file({name: value for name, value in tensors.items() if not name.startswith("vision")}, file)
    with pytest.raises(WeightsError, match=r"is not SigLIP2B16: it lacks vision_model\."):
        backbones.load(NAME, weights=str(tmp_path / "folder"))


def test_positions_of_another_grid_are_resized(tmp_path: Path):
    written(tmp_path / "folder")
    network = backbones.load(NAME, weights=str(tmp_path / "folder"), input_size=32)
    assert network.get_layer("stem_positions").position_embeddings.shape == (16, WIDTH)
