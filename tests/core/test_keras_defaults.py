"""A keras.json of other work changes nothing."""

import gc
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from core import keras_defaults, runs
from core.cli import doctor
from core.cli.commands import main

ROOT = Path(__file__).parents[2]
SEEN = (
    "import core, keras; c = keras.config; "
    "print(c.backend(), c.image_data_format(), c.floatx(), c.dtype_policy().name, c.max_epochs())"
)


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Writes a keras.json that the test's Keras would read."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    return lambda **settings: (tmp_path / "keras.json").write_text(json.dumps(settings))


def started(code: str, **variables: str) -> subprocess.CompletedProcess:
    """Python in a process of its own, where Keras has not been imported."""
    environment = {name: value for name, value in os.environ.items() if name != "KERAS_BACKEND"} | variables
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True)


@pytest.mark.slow
def test_every_setting_of_the_file_is_put_back_and_no_training_is_cut_short(write):
    write(backend="theano", image_data_format="channels_first", floatx="float16", epsilon=0.1)
    seen = started(SEEN, KERAS_MAX_EPOCHS="1").stdout.split()
    assert seen == ["tensorflow", "channels_last", "float32", "float32", "None"]


@pytest.mark.slow
@pytest.mark.parametrize("text", ['{"floatx": {"half": 1}}', "[]"])
def test_a_file_that_keras_cannot_use_is_named_in_a_sentence(write, tmp_path, text):
    (tmp_path / "keras.json").write_text(text)
    failed = started(SEEN).stderr.splitlines()[-1]
    assert failed.startswith("core.errors.ConfigError: Keras cannot start with")
    assert str(tmp_path / "keras.json") in failed


@pytest.mark.parametrize("backend", ["theano", "Tensorflow"])
def test_a_backend_of_other_work_is_refused_before_a_run_is_stored(backend, store, monkeypatch, capsys):
    monkeypatch.setenv("KERAS_BACKEND", backend)
    assert main(["run", "--backbone", "Tiny"]) == 1
    assert f"error: KERAS_BACKEND is '{backend}'. Expected one of tensorflow, jax." in capsys.readouterr().err
    assert not runs.rows()


def test_an_empty_backend_is_the_default_whatever_the_file_says(write, monkeypatch):
    write(backend="torch")
    monkeypatch.setenv("KERAS_BACKEND", "")
    keras_defaults.install()
    assert os.environ["KERAS_BACKEND"] == keras_defaults.backend() == "tensorflow"


@pytest.mark.slow
def test_a_backend_that_is_not_installed_is_named_with_the_way_to_install_it():
    failed = started("import sys; sys.modules['jax'] = None; import core, keras", KERAS_BACKEND="jax").stderr
    assert "core.errors.ConfigError: Keras cannot start with KERAS_BACKEND=jax" in failed
    assert "requirements-gpu-jax.txt" in failed.splitlines()[-1]


@pytest.mark.slow
def test_keras_leaves_scikit_learn_alone_which_can_be_imported_afterwards():
    seen = started(
        "import core, keras, sys; print('sklearn' in sys.modules); import sklearn.decomposition as d; print(d.PCA)"
    )
    assert seen.stdout.split() == ["False", "<class", "'sklearn.decomposition._pca.PCA'>"]


def test_ignored_settings_are_listed_and_defaults_are_not(write):
    write(backend="tensorflow", image_data_format="channels_last", floatx="float32", epsilon=1e-7)
    assert keras_defaults.ignored() == {}
    write(image_data_format="channels_first", floatx="float16", other=3)
    assert keras_defaults.ignored() == {"image_data_format": "channels_first", "floatx": "float16"}
    write()
    assert keras_defaults.ignored() == {}


@pytest.mark.parametrize("text", ["", "no JSON", "[]", "[" * 100_000])
def test_a_file_without_settings_has_none_to_ignore(tmp_path, monkeypatch, text):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    (tmp_path / "keras.json").write_text(text)
    assert keras_defaults.ignored() == {}


def test_doctor_says_what_is_ignored(write, tmp_path, store):
    write(floatx="float16")
    text = doctor.describe(doctor.examine())
    assert f"{tmp_path / 'keras.json'} says floatx float16" in text


def test_what_the_import_leaves_is_not_looked_through_for_garbage():
    import keras  # noqa: F401

    assert gc.isenabled() and gc.get_freeze_count() > 100_000
