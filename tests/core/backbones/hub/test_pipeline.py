"""A vision transformer goes wherever a convolutional network goes: probe, fine-tune, layers, activations, exports."""

from pathlib import Path

import numpy as np
import pytest

from core import execute, runs
from core.config import RunConfig
from core.embeddings import Source
from core.evaluation import layer_probes
from core.explain import activations
from core.export import formats
from core.features import layers
from tests.core.backbones.hub.folder import WIDTH, shrink, written

pytestmark = pytest.mark.slow
IMAGES = {"n_train": 200, "n_test": 100, "input_size": 32}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Weights of a small DINOv2Small, which from here on is that small."""
    written(tmp_path / "folder", shrink("DINOv2Small", monkeypatch))
    return str(tmp_path / "folder")


def done(**settings) -> runs.Run:
    run_id = runs.create(RunConfig(**IMAGES | settings))
    assert execute.perform(run_id) == "finished", runs.get(run_id).error
    return runs.get(run_id)


@pytest.mark.parametrize(
    ("name", "pooling", "last", "exported"),
    [
        ("DINOv2Small", "patches", "transformer_block_1", ("keras", "onnx")),
        ("SwinTiny", "max", "stage_1_block_1", ("litert",)),
    ],
)
def test_it_is_probed_and_fine_tuned_by_blocks_and_the_result_is_exported(
    store, tmp_path, monkeypatch, name, pooling, last, exported
):
    written(tmp_path / "weights", shrink(name, monkeypatch))
    settings = {"backbone": name, "weights": str(tmp_path / "weights")}
    probe = done(**settings, method="linear", pooling=pooling)
    assert probe.outcome.weights_origin == "file"
    tuned = done(
        **settings, method="finetune", unfreeze="blocks", unfreeze_count=2, head_epochs=1, epochs=1, batch_size=50
    )
    frozen = runs.frozen(tuned.id)
    trained = {layer.block for layer in frozen.layers if layer.trainable_params}
    assert trained == {last, "layer_norm"}
    assert runs.predictions(tuned.id).shape[0] == 100
    for format in exported:
        assert formats.export(tuned.id, format, tmp_path).exists()


def test_its_layers_and_what_they_see_are_of_its_patches(store, folder):
    depths = layers.of("DINOv2Small", 32)
    assert [(depth.block, depth.size, depth.channels) for depth in depths] == [
        ("transformer_block_0", 4, WIDTH),
        ("transformer_block_1", 4, WIDTH),
        ("layer_norm", 4, WIDTH),
    ]
    source = Source(backbone="DINOv2Small", weights=folder, input_size=32, images="test", n_images=50)
    probes = layer_probes.measure(source, n_train=50)
    assert len(probes.probes) == 3
    photo = np.random.default_rng(0).integers(0, 255, (32, 32, 3)).astype(np.uint8)
    seen = activations.see("DINOv2Small", photo, 32)
    assert [each.size for each in seen.feature_maps] == [4, 4, 4] and seen.filters_of == WIDTH
