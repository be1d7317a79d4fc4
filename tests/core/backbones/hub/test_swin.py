"""Swin from folders: its last feature map against an independent forward pass and KerasHub's own model."""

import itertools
from pathlib import Path

import numpy as np
import pytest

from core import backbones
from core.errors import ConfigError, WeightsError
from tests.core.backbones.forward import activated, attention, dense, norm, patches
from tests.core.backbones.hub.folder import SWIN, WIDTH, shrink, written

pytestmark = pytest.mark.slow


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> str:
    return shrink("SwinTiny", monkeypatch)


def forward(pixels: np.ndarray, tensors: dict) -> np.ndarray:
    """The last feature map (h, h, c) of an image, with windows that end at the border instead of wrapping around."""
    stem = "embeddings.patch_embeddings.projection"
    x = patches(pixels, tensors[f"{stem}.weight"], 4) + tensors[f"{stem}.bias"]
    x = norm(x, tensors, "embeddings.norm", 1e-5).reshape(len(pixels) // 4, len(pixels) // 4, -1)
    for stage, (depth, heads) in enumerate(zip(SWIN.depths, SWIN.heads, strict=True)):
        if stage:
            corners = [x[row::2, column::2] for column in (0, 1) for row in (0, 1)]
            name = f"encoder.layers.{stage - 1}.downsample"
            x = norm(np.concatenate(corners, -1), tensors, f"{name}.norm", 1e-5)
            x = x @ tensors[f"{name}.reduction.weight"].T
        for index in range(depth):
            block = f"encoder.layers.{stage}.blocks.{index}"
            shift = SWIN.window // 2 if index % 2 and len(x) > SWIN.window else 0
            x = x + windows(norm(x, tensors, f"{block}.layernorm_before", 1e-5), tensors, block, heads, shift)
            inside = dense(norm(x, tensors, f"{block}.layernorm_after", 1e-5), tensors, f"{block}.intermediate.dense")
            x = x + dense(activated(inside), tensors, f"{block}.output.dense")
    return norm(x, tensors, "layernorm", 1e-5)


def windows(x: np.ndarray, tensors: dict, block: str, heads: int, shift: int) -> np.ndarray:
    side, window = len(x), min(SWIN.window, len(x))
    gap = -side % window
    x = np.pad(x, ((0, gap), (0, gap), (0, 0)))
    q, k, v = (dense(x, tensors, f"{block}.attention.self.{part}") for part in ("query", "key", "value"))
    table, mixed = tensors[f"{block}.attention.self.relative_position_bias_table"], np.zeros_like(x)
    edges = sorted({0, len(x), *range(shift, len(x), window)})
    for top, bottom in itertools.pairwise(edges):
        for left, right in itertools.pairwise(edges):
            places = np.array([(row, column) for row in range(top, bottom) for column in range(left, right)])
            apart = places[:, None] - places + SWIN.window - 1
            bias = table[apart[..., 0] * (2 * SWIN.window - 1) + apart[..., 1]]  # (tokens, tokens, heads)
            inside = (each[tuple(places.T)] for each in (q, k, v))
            mixed[tuple(places.T)] = attention(*inside, heads, bias=bias)
    return dense(mixed[:side, :side], tensors, f"{block}.attention.output.dense")


@pytest.mark.parametrize(("size", "prefix"), [(24, ""), (40, "swin."), (16, "")])
def test_a_hugging_face_folder_gives_what_numpy_gets_from_its_tensors(model, tmp_path: Path, size, prefix):
    """At whole windows, at maps filled up to them, and at one smaller than a window."""
    tensors = written(tmp_path / "folder", model, prefix=prefix)
    pixels = np.random.default_rng(1).normal(size=(2, size, size, 3)).astype(np.float32)
    maps = np.stack([forward(each, tensors) for each in pixels])
    for pooling, expected in {"avg": maps.mean((1, 2)), "max": maps.max((1, 2))}.items():
        network = backbones.load(model, weights=str(tmp_path / "folder"), input_size=size, pooling=pooling)
        np.testing.assert_allclose(np.asarray(network(pixels)), expected, rtol=1e-3, atol=1e-4)


@pytest.mark.filterwarnings("ignore:Layer .*mask", "ignore:Layer .*unbuilt state")  # of KerasHub's own layers
def test_a_kerashub_preset_folder_gives_the_same_as_the_model_it_was_saved_from(model, tmp_path: Path):
    from keras_hub.models import SwinTransformerBackbone

    whole = SwinTransformerBackbone((24, 24, 3), WIDTH, SWIN.depths, SWIN.heads, SWIN.window)
    rng = np.random.default_rng(2)
    for variable in whole.trainable_variables:
        variable.assign(rng.normal(0, 0.5, variable.shape))
    whole.save_to_preset(str(tmp_path / "preset"))
    network = backbones.load(model, weights=str(tmp_path / "preset"))
    pixels = rng.normal(size=(2, 24, 24, 3)).astype(np.float32)
    expected = np.asarray(whole(pixels)).mean(axis=1)
    np.testing.assert_allclose(np.asarray(network(pixels)), expected, rtol=1e-3, atol=1e-4)
    with pytest.raises(WeightsError, match="is not SwinSmall: its shape is"):
        backbones.load("SwinSmall", weights=str(tmp_path / "preset"))


def test_a_saved_network_is_read_back_with_its_windows(model, tmp_path: Path):
    network = backbones.load(model, weights="untrained", input_size=40)
    network.save(tmp_path / "model.keras")
    pixels = np.random.default_rng(3).normal(size=(2, 40, 40, 3)).astype(np.float32)
    np.testing.assert_array_equal(backbones.read_model(tmp_path / "model.keras")(pixels), network(pixels))


def test_what_is_not_its_folder_or_its_size_is_refused_in_a_sentence(model, tmp_path: Path):
    written(tmp_path / "folder", model)
    (tmp_path / "folder" / "config.json").write_text('{"model_type": "swin"}')
    with pytest.raises(WeightsError, match=r"gives num_heads \[3, 6, 12, 24\]. Expected \[2, 4\], as SwinTiny has"):
        backbones.load(model, weights=str(tmp_path / "folder"))
    with pytest.raises(ConfigError, match="SwinTiny has no features of pooling 'class'"):
        backbones.load(model, weights="untrained", pooling="class")
    with pytest.raises(ConfigError, match=r"230 px into patches of 4 px.*Choose 228 or 232 px"):
        backbones.load("SwinBase", weights="untrained", input_size=230)
