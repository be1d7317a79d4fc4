import json
import logging
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from core import backbones
from core.features import Encoder, compiled, inference

TINY = Encoder("Tiny", "untrained", 32, precision="float32")
IDENTITY = {"backbone": "Tiny"}
IMAGES = np.random.default_rng(0).integers(0, 256, (6, 48, 48, 3), np.uint8)


@pytest.fixture(autouse=True)
def networks_of_its_own(home: Path) -> None:
    (home / "networks").unlink()  # tests share the folder that it leads to


@pytest.fixture(autouse=True)
def accepted_at_any_speed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inference, "SLOWER", 0.0)
    monkeypatch.setattr(inference, "ROUNDS", 1)


@pytest.fixture(scope="module")
def original() -> inference.Original:
    network = compiled.network(TINY)
    return compiled.on_tensorflow(network, {"a": (0, 2)}, image_size=48, input_size=32, mode=TINY.preprocessing)


def never() -> inference.Original:
    raise AssertionError("the network was built again")


def folder(home: Path) -> Path:
    (note,) = home.glob("networks/*/note.json")
    return note.parent


@pytest.mark.slow
def test_a_converted_network_equals_that_of_tensorflow_and_is_built_once(home, original):
    converted = inference.fastest(IDENTITY, lambda: original)
    again = inference.fastest(IDENTITY, never)
    expected = np.asarray(original.network.function(IMAGES))
    assert converted.function is not original.network.function
    for network in (converted, again):
        assert (network.dim, network.parts) == (16, {"a": (0, 2)})
        np.testing.assert_allclose(np.asarray(network.function(IMAGES)), expected, atol=1e-3 * expected.std())
    assert inference.fastest(IDENTITY | {"weights": "others"}, lambda: original).function is not converted.function


def test_openvino_is_given_a_graph_without_variables(original):
    assert not original.convertible.get_concrete_function().graph.variables


@pytest.mark.slow
def test_another_process_needs_neither_tensorflow_nor_keras(home, original):
    inference.fastest(IDENTITY, lambda: original)
    code = (
        "import sys, numpy as np; from core.features import inference;"
        f"network = inference.fastest({IDENTITY!r}, None);"
        "values = np.asarray(network.function(np.zeros((2, 48, 48, 3), np.uint8)));"
        "print(values.shape, {'tensorflow', 'keras'} & set(sys.modules))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "(2, 16) set()"


def test_openvino_reports_nothing_to_anybody(original):
    inference.fastest(IDENTITY, lambda: original)
    from openvino.tools.ovc import telemetry_utils

    assert sys.modules["openvino_telemetry"] is None
    assert telemetry_utils.tm.__name__.endswith("telemetry_stub")


@pytest.mark.parametrize("damage", ["network.bin", "network.xml", "note.json"])
def test_a_damaged_network_is_converted_again(home, original, damage):
    inference.fastest(IDENTITY, lambda: original)
    file = folder(home) / damage
    file.write_bytes(file.read_bytes()[:-100])
    network = inference.fastest(IDENTITY, lambda: original)
    assert network.function is not original.network.function
    assert inference.fastest(IDENTITY, never).dim == 16


@pytest.mark.parametrize("reason", ["fails", "differs", "slow", "large"])
def test_tensorflow_runs_what_openvino_does_not_and_it_is_tried_once(home, original, reason, caplog):
    with pytest.MonkeyPatch.context() as patch, caplog.at_level(logging.WARNING):
        name, value = {
            "fails": ("_write", lambda *_: 1 / 0),
            "differs": ("LARGEST_DIFFERENCE", -1.0),
            "slow": ("SLOWER", 1e6),
            "large": ("LARGEST", 1000),
        }[reason]
        patch.setattr(inference, name, value)
        assert inference.fastest(IDENTITY, lambda: original) is original.network
    assert len([record for record in caplog.records if "TensorFlow runs Tiny" in record.message]) == 1
    caplog.clear()
    assert inference.fastest(IDENTITY, lambda: original) is original.network
    assert not caplog.records
    assert not list(folder(home).glob("network.*"))
    assert json.loads((folder(home) / "note.json").read_text())["refused"]


@pytest.mark.parametrize(
    "error",
    [OSError(28, "No space left on device"), RuntimeError("basic_ios::clear: iostream error")],
    ids=["system", "OpenVINO"],
)
def test_a_full_disk_is_no_reason_to_try_never_again(home, original, error):
    def full(*_):
        raise error

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(inference, "_write", full)
        assert inference.fastest(IDENTITY, lambda: original) is original.network
    assert not list(home.glob("networks/*/*"))
    assert inference.fastest(IDENTITY, lambda: original) is not original.network


@pytest.mark.parametrize(("optimize", "error"), [(2, AttributeError("no docstring")), (0, DeprecationWarning("old"))])
def test_how_python_was_started_is_no_reason_to_try_never_again(home, original, optimize, error):
    def fail(*_):
        raise error

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(inference, "_write", fail)
        patch.setattr(inference.sys, "flags", SimpleNamespace(optimize=optimize))
        assert inference.fastest(IDENTITY, lambda: original) is original.network
    assert not list(home.glob("networks/*/*"))
    assert inference.fastest(IDENTITY, lambda: original) is not original.network


def test_many_threads_may_call_one_network(original):
    network = inference.fastest(IDENTITY, lambda: original)
    expected = np.asarray(original.network.function(IMAGES))
    with ThreadPoolExecutor(8) as threads:
        results = threads.map(lambda row: np.asarray(network.function(IMAGES[row : row + 1]))[0], list(range(6)) * 8)
    np.testing.assert_allclose(list(results), np.tile(expected, (8, 1)), atol=1e-3 * expected.std())


def test_the_least_recently_used_networks_make_room(home, original, monkeypatch):
    inference.fastest({"backbone": "old"}, lambda: original)
    old = folder(home)
    monkeypatch.setattr(inference, "BUDGET", 1)
    inference.fastest({"backbone": "new"}, lambda: original)
    assert not old.exists()
    assert folder(home).exists()


def test_only_float32_on_a_processor_runs_on_openvino(monkeypatch):
    monkeypatch.setattr(inference.hardware, "describe", lambda: {"gpu": None})
    assert inference.available("float32")
    assert not inference.available("bfloat16")
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    assert not inference.available("float32")
    monkeypatch.setattr(inference.hardware, "describe", lambda: {"gpu": "NVIDIA H100"})
    monkeypatch.delenv("KERAS_BACKEND")
    assert not inference.available("float32")


@pytest.mark.parametrize("interpolation", ["bilinear", "bicubic"])
@pytest.mark.parametrize(("before", "after"), [(32, 96), (96, 32), (50, 33), (31, 32)])
def test_resizing_by_matrices_is_resizing(before, after, interpolation):
    import keras

    images = np.random.default_rng(0).uniform(0, 255, (2, before, before + 3, 3)).astype("float32")
    settings = {"interpolation": interpolation, "antialias": before > after}
    expected = keras.ops.image.resize(images, (after, after), **settings)
    found = compiled.resize_by_matrices(images, (after, after), **settings)
    np.testing.assert_allclose(np.asarray(found), np.asarray(expected), atol=1e-3)


DEEPEST = {"EfficientNetV2M", "EfficientNetV2L"}  # untrained, rounding grows to 1 % on their way: TensorFlow runs them
FAMILIES = {backbones.get(name).family: name for name in reversed(backbones.names())}  # the first of each


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[] if name in [*FAMILIES.values(), "ToyCLIP"] else pytest.mark.exhaustive)
        for name in [*backbones.names(), "ToyCLIP"]
        if name not in DEEPEST
    ],
)
def test_every_architecture_gives_the_same_features_on_openvino(name, caplog):
    spec = backbones.get(name)
    size = max(spec.min_size, 64) if spec.family != backbones.CLIP else spec.default_size
    encoder = Encoder(name, "untrained", size, precision="float32")
    original = compiled.on_tensorflow(
        compiled.network(encoder), {}, image_size=32, input_size=size, mode=encoder.preprocessing
    )
    assert inference.fastest({"backbone": name}, lambda: original) is not original.network, caplog.text
