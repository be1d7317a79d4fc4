"""With KERAS_BACKEND=jax the program gives the answers that it gives with TensorFlow."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from core import backbones, features, hardware, keras_defaults, maps
from core.cli import doctor
from core.data import datasets
from core.errors import ConfigError
from core.explain import attribution, gradcam
from core.features import compiled
from tests.core import jax_answers

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def jax(tmp_path_factory: pytest.TempPathFactory, empty_store: Path) -> Iterator[SimpleNamespace]:
    """The answers of a process that computes with JAX, and the network that it exported."""
    folder = tmp_path_factory.mktemp("jax")
    (folder / "home" / "runs").mkdir(parents=True)
    shutil.copy(empty_store, folder / "home" / "runs")
    environment = os.environ | {"KERAS_BACKEND": "jax", "BACKBONE_LAB_HOME": str(folder / "home")}
    environment["XLA_FLAGS"] = "--xla_backend_optimization_level=0"  # it compiles more than it computes
    command = [sys.executable, "-m", "tests.core.jax_answers", str(folder / "answers.npz")]
    subprocess.run(command, cwd=ROOT, env=environment, check=True)
    with np.load(folder / "answers.npz") as answers:
        texts = json.loads(str(answers["texts"]))
        yield SimpleNamespace(**{name: answers[name] for name in answers} | texts)


@pytest.mark.slow
def test_features_are_those_of_tensorflow(home, jax):
    expected = features.extract(datasets.load(datasets.SAMPLE), jax_answers.ROWS, jax_answers.LITE).values
    np.testing.assert_allclose(jax.features, expected, atol=1e-4 * expected.std())


@pytest.mark.slow
def test_a_probe_gives_the_probabilities_that_it_gives_on_tensorflow(store, jax):
    run_id = jax_answers.perform(jax_answers.PROBE)
    np.testing.assert_allclose(jax.probe, jax_answers.probabilities(run_id), atol=2e-3)


@pytest.mark.slow
def test_a_map_has_the_positions_that_it_has_on_tensorflow(home, jax):
    expected = maps.compute(jax_answers.MAP).positions
    np.testing.assert_allclose(jax.map, expected, atol=1e-3 * np.abs(expected).max())


@pytest.mark.slow
def test_a_fine_tune_learns_and_one_that_was_resumed_ends_the_same(jax):
    assert jax.losses[-1] < jax.losses[0]
    np.testing.assert_array_equal(jax.resumed, jax.whole)


@pytest.mark.slow
def test_an_image_whose_class_gets_no_probability_still_teaches_the_network(jax):
    np.testing.assert_allclose(jax.slopes, [1, -1], atol=1e-3)


@pytest.mark.slow
def test_its_network_and_explanations_are_the_same_on_tensorflow(jax):
    import keras

    exported, image = (
        keras.models.load_model(Path(jax.exported["keras"]) / "model.keras", compile=False),
        datasets.load(datasets.SAMPLE).images[0],
    )
    heat, probabilities = gradcam.explain_model(exported, image)
    np.testing.assert_allclose(jax.heat, heat, atol=1e-3)
    integrated = attribution.of_model(exported, "integrated-gradients", image, 3)
    np.testing.assert_allclose(jax.integrated, integrated, atol=1e-2)
    np.testing.assert_allclose(jax.first, probabilities, atol=1e-4)


@pytest.mark.slow
def test_gradients_of_the_demonstration_are_those_of_two_networks(jax):
    plain, residual = jax.norms
    assert (jax.norms > 0).all()
    assert (plain != residual).all()


@pytest.mark.slow
def test_exports_that_need_tensorflow_say_so(jax):
    for format in ("savedmodel", "litert", "onnx", "openvino"):
        assert "needs TensorFlow" in jax.exported[format]
        assert "KERAS_BACKEND=tensorflow" in jax.exported[format]
    assert all(Path(jax.exported[format]).exists() for format in ("keras", "script", "notebook"))


@pytest.mark.slow
def test_compiling_is_a_stage_and_is_kept_in_the_home_folder(jax):
    assert jax.stages.index("compile") < jax.stages.index("train") < jax.stages.index("finetune")
    assert jax.kept[0]
    assert not jax.openvino


@pytest.mark.slow
def test_a_network_is_compiled_once_for_any_number_of_images(jax):
    first, second = jax.compilations
    assert first > 0
    assert second == 0


@pytest.mark.slow
def test_networks_that_differ_only_in_their_weights_share_what_is_compiled(jax):
    before, first, second = jax.kept
    assert before < first == second


def test_a_batch_is_as_large_as_arithmetic_and_memory_allow(monkeypatch):
    network = SimpleNamespace(layers=[layer((None, 112, 112, 64), (3, 3, 64, 64)), layer((None, 10), (64, 10), (10,))])
    monkeypatch.setattr(hardware, "describe", lambda: {"gpu": "NVIDIA H100"})
    monkeypatch.setattr(hardware, "device_memory", lambda: 80 * 2**30)
    assert compiled.batch_size(network) == 1024
    monkeypatch.setattr(hardware, "device_memory", lambda: 8 * 2**30)
    assert compiled.batch_size(network) == 128  # 4 GB for eight times 3.2 MB an image
    monkeypatch.setattr(hardware, "describe", lambda: {"gpu": None})
    assert compiled.batch_size(network) == 8  # 0.46 G multiply-adds an image
    monkeypatch.setattr(hardware, "device_memory", lambda: 1)
    assert compiled.batch_size(network) == 1


def layer(output: tuple, *weights: tuple) -> SimpleNamespace:
    return SimpleNamespace(
        output=SimpleNamespace(shape=output), weights=[SimpleNamespace(shape=shape) for shape in weights]
    )


def test_untrained_weights_that_jax_draws_have_a_digest_of_their_own(monkeypatch):
    before = backbones.find_weights("Tiny", "untrained").digest
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    assert backbones.find_weights("Tiny", "untrained").digest == f"{before}-jax"


def test_what_needs_tensorflow_says_so_in_a_sentence(monkeypatch):
    keras_defaults.need_tensorflow("a SavedModel")
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    with pytest.raises(ConfigError, match="A SavedModel needs TensorFlow, and Keras runs on JAX here"):
        keras_defaults.need_tensorflow("a SavedModel")


def test_doctor_says_which_backend_runs_where(store):
    found = doctor.examine() | {"versions": {"tensorflow": "2.1", "jax": "1.1", "openvino": "3.1"}}
    for backend, gpu, expected in (
        ("tensorflow", None, "TensorFlow 2.1 on the CPU, frozen networks on OpenVINO 3.1"),
        ("tensorflow", "NVIDIA H100", "TensorFlow 2.1 on NVIDIA H100\n"),
        ("jax", None, "JAX 1.1 on the CPU; TensorFlow is faster here"),
        ("jax", "NVIDIA H100", "JAX 1.1 on NVIDIA H100. Exports to SavedModel and LiteRT need KERAS_BACKEND="),
    ):
        text = doctor.describe(found | {"backend": backend, "hardware": found["hardware"] | {"gpu": gpu}})
        assert f"Backend     {expected}" in text
