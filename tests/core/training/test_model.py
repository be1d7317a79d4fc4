"""The whole network of a run: what a probe says as one model, and what a fine-tune starts from."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core import backbones, features, heads
from core.config import RunConfig
from core.data import datasets
from core.data.images import PREPROCESSING
from core.errors import ConfigError, RunError
from core.training import model as assembly

DATASET = datasets.load("cifar10-sample")
ROWS = {"train": np.arange(0, 300), "val": np.arange(300, 360), "test": np.arange(360, 400)}
TINY = RunConfig(backbone="Tiny", epochs=3)


def probe(config: RunConfig) -> tuple[heads.Head, np.ndarray]:
    """A head trained as a run does it, and its probabilities for the test images."""
    train, val, test = (
        heads.Labelled(features.extract(DATASET, ROWS[split], config.encoder).values, DATASET.labels[ROWS[split]])
        for split in ("train", "val", "test")
    )
    head = heads.fit(config.method, train, val, classes=10, options=config.head_options)
    return head, head.predict_proba(test.x)


def assemble(config: RunConfig, **more) -> assembly.Assembly:
    return assembly.assemble(config, image_size=32, classes=10, **more)


@pytest.mark.parametrize(
    "config",
    [
        RunConfig(backbone="Tiny"),
        pytest.param(
            RunConfig(backbone="Tiny", method="mlp", epochs=3, input_size=48, preprocessing="divide255", pooling="max"),
            marks=pytest.mark.slow,
        ),
        pytest.param(RunConfig(backbone="EfficientNetLite0", input_size=64), marks=pytest.mark.slow),
    ],
    ids=["linear", "hidden layer, resized, divided by 255, max", "real weights"],
)
def test_a_probe_as_one_model_says_what_the_probe_says(config):
    head, expected = probe(config)
    model = assembly.from_probe(config.encoder, head, image_size=32)
    found = model(DATASET.images[ROWS["test"]])
    assert found.dtype == "float32"
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_a_neighbour_head_has_no_model():
    head, _ = probe(RunConfig(backbone="Tiny", method="knn"))
    with pytest.raises(RunError, match="nearest-neighbour head has no model"):
        assembly.from_probe(TINY.encoder, head, image_size=32)


@pytest.mark.slow
def test_a_fine_tune_starts_from_the_head_of_a_probe():
    head, expected = probe(RunConfig(backbone="Tiny", method="mlp", epochs=3))
    built = assemble(RunConfig(backbone="Tiny", method="finetune"), head=head)
    np.testing.assert_allclose(built.model.predict(DATASET.images[ROWS["test"]], verbose=0), expected, atol=1e-4)
    assert [layer.name for layer in built.head] == ["hidden", "dropout", "predictions"]


@pytest.mark.slow
def test_a_head_of_other_features_is_refused():
    head, _ = probe(TINY)
    with pytest.raises(ConfigError, match="trained on 16 features"):
        assemble(RunConfig(backbone="Tiny", method="finetune", pooling="flatten", input_size=32), head=head)


@pytest.mark.slow
def test_the_seed_decides_about_the_head_and_in_training_from_scratch_about_all():
    def weights(**options):
        return [np.array(variable) for variable in assemble(RunConfig(backbone="Tiny", **options)).model.variables]

    def same(some, other):
        return [np.array_equal(a, b) for a, b in zip(some, other, strict=True) if np.any(a)]

    assert all(same(weights(method="scratch", seed=1), weights(method="scratch", seed=1)))
    assert not any(same(weights(method="scratch", seed=1)[:8], weights(method="scratch", seed=2)[:8]))
    assert not same(weights(method="finetune", seed=1), weights(method="finetune", seed=2))[-1]


@pytest.mark.slow
def test_a_saved_model_says_the_same(tmp_path):
    import keras

    built = assemble(RunConfig(backbone="Tiny", method="finetune", input_size=48, head_units=8))
    built.model.save(tmp_path / "model.keras")
    images = DATASET.images[:10]
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded.predict(images, verbose=0), built.model.predict(images, verbose=0))


@pytest.mark.slow
@pytest.mark.parametrize("mode", PREPROCESSING)
def test_a_saved_model_of_every_way_of_preprocessing_says_the_same(mode, tmp_path, monkeypatch):
    monkeypatch.setitem(backbones.BACKBONES, "Tiny", replace(backbones.get("Tiny"), preprocessing=mode))
    says_the_same_when_saved("Tiny", tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("backbone", ["EfficientNetB0", "ConvNeXtTiny"])
def test_a_saved_model_with_layers_of_its_own_for_pixels_and_scales_says_the_same(backbone, tmp_path):
    says_the_same_when_saved(backbone, tmp_path)


def says_the_same_when_saved(backbone: str, tmp_path: Path) -> None:
    import keras

    built = assemble(RunConfig(backbone=backbone, method="finetune", weights="untrained", input_size=32))
    built.model.save(tmp_path / "model.keras")
    images = DATASET.images[:4]
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(loaded.predict(images, verbose=0), built.model.predict(images, verbose=0), atol=1e-6)
