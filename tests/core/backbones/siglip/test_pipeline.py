"""The image tower of SigLIP 2 goes wherever other networks go: fine-tune, export, layers, activations, Anatomy."""

from pathlib import Path

import numpy as np
import pytest

from core import anatomy, execute, runs
from core.config import RunConfig
from core.explain import activations
from core.export import formats
from core.features import layers
from dashboard.anatomy import graph
from tests.core.backbones.siglip.folder import NAME, WIDTH, shrink, written

pytestmark = pytest.mark.slow


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    shrink(monkeypatch)
    written(tmp_path / "folder")
    return str(tmp_path / "folder")


def test_it_is_fine_tuned_by_blocks_and_exported(store, folder, tmp_path: Path):
    training = {"method": "finetune", "unfreeze": "blocks", "unfreeze_count": 2, "head_epochs": 1, "epochs": 1}
    config = RunConfig(backbone=NAME, weights=folder, n_train=200, n_test=100, batch_size=50, **training)
    run_id = runs.create(config)
    assert execute.perform(run_id) == "finished", runs.get(run_id).error
    trained = {layer.block for layer in runs.frozen(run_id).layers if layer.trainable_params}
    assert trained == {"layer_norm", "attention_pool"}
    for format in ("keras", "litert"):
        assert formats.export(run_id, format, tmp_path).exists()


def test_its_layers_and_what_they_see_are_of_its_patches(store, folder):
    named = [(depth.block, depth.size, depth.channels) for depth in layers.of(NAME, 32)]
    blocks = ["transformer_block_0", "transformer_block_1", "layer_norm"]
    assert named == [*((block, 4, WIDTH) for block in blocks), ("attention_pool", 1, WIDTH)]
    photo = np.random.default_rng(0).integers(0, 255, (32, 32, 3)).astype(np.uint8)
    seen = activations.see(NAME, photo, 32)
    assert [each.size for each in seen.feature_maps] == [4, 4, 4] and seen.filters_of == WIDTH


def test_a_depth_without_a_class_token_is_the_mean_of_its_patches(folder):
    from core import backbones

    network = backbones.load(NAME, weights=folder, pooling="patches")
    model, columns = layers.cut(network)
    pixels = np.random.default_rng(0).normal(size=(2, 24, 24, 3)).astype(np.float32)
    last = np.asarray(model(pixels))[:, slice(*columns["layer_norm"])]
    np.testing.assert_allclose(last, np.asarray(network(pixels)), atol=1e-5)


def test_anatomy_draws_its_attention_pooling():
    described = anatomy.describe(NAME)
    assert "one learned query attends to all patches" in graph.description(described, "attention_pool")
