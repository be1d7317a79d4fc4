"""What is taken away says what the run said, or is not given away at all."""

import io
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core import execute, export, runs
from core.config import RunConfig
from core.data import datasets
from core.data.images import decode
from core.errors import ConfigError, RunError
from core.export import formats
from core.features import compiled
from core.runs import models

ROOT = Path(__file__).parent.parent.parent.parent
TINY = {"backbone": "Tiny", "n_train": 100, "n_test": 60}
TRAINED = {"method": "finetune", "input_size": 16, "head_epochs": 1, "epochs": 1}  # smaller than its images: smoothed


def done(**settings) -> str:
    run_id = runs.create(RunConfig(**TINY | settings))
    assert execute.perform(run_id) == "finished", runs.get(run_id).error
    return run_id


@pytest.fixture
def probe(store) -> str:
    return done()


@pytest.mark.slow
@pytest.mark.parametrize(
    "settings", [{}, TRAINED, {**TRAINED, "precision": "mixed"}], ids=["probe", "trained", "mixed"]
)
def test_every_format_of_every_kind_of_run_is_written_once_and_whole(store, tmp_path, settings):
    run_id = done(**settings)
    for format in export.FORMATS:
        folder = tmp_path / format / "take"
        path = export.export(run_id, format, folder)
        assert list(folder.iterdir()) == [path]
        assert run_id[:8] in path.name
        assert export.export(run_id, format, folder) == path  # the same again takes its place
        assert list(folder.iterdir()) == [path]


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["clip", "torch"])  # by cubes and to whole pixels, or linear
@pytest.mark.parametrize(("before", "after"), [(40, 24), (24, 40)], ids=["smaller", "larger"])
def test_a_phone_resizes_images_as_the_run_did(tmp_path, before, after, mode):
    import keras

    pixels = keras.Input((before, before, 3), dtype="uint8")
    model = keras.Model(pixels, compiled.prepare(pixels, after, mode))
    images = np.random.default_rng(0).integers(0, 256, (3, before, before, 3), np.uint8)
    formats._write_tflite(model, ("cat",), tmp_path / "resize.tflite")
    gap = np.abs(formats._read_tflite(tmp_path / "resize.tflite")(images) - model.predict(images, verbose=0))
    grey = 1 / 55  # one of 255, after preprocessing
    assert gap.max() <= 1.2 * grey  # where half a grey was rounded the other way
    assert gap.mean() <= 0.01 * grey


@pytest.mark.slow
def test_labels_travel_with_the_files(probe, tmp_path):
    names = list(datasets.load("cifar10-sample").class_names)
    for format in ("keras", "tflite"):
        with zipfile.ZipFile(export.export(probe, format, tmp_path)) as file:
            assert file.read("labels.txt").decode().split() == names


@pytest.mark.slow
def test_a_saved_model_takes_files_and_says_names(probe, tmp_path):
    import tensorflow as tf

    signatures = tf.saved_model.load(str(export.export(probe, "savedmodel", tmp_path))).signatures
    assert {"bytes", "images", "serving_default"} <= set(signatures)
    stored, dataset = runs.predictions(probe).iloc[:2], datasets.load("cifar10-sample")
    files = []
    for kind, row in zip(("PNG", "JPEG"), stored["row"], strict=True):
        stream = io.BytesIO()
        Image.fromarray(dataset.images[row]).resize((96, 64)).save(stream, kind)  # neither square nor of that size
        files.append(stream.getvalue())
    said = signatures["serving_default"](image_bytes=tf.constant(files))
    assert said["probabilities"].shape == (2, 10)
    np.testing.assert_allclose(said["probabilities"].numpy().sum(axis=1), 1, atol=1e-5)
    assert [name.decode() for name in said["class_names"].numpy()[0]] == list(dataset.class_names)
    best = said["probabilities"].numpy().argmax(axis=1)
    assert [name.decode() for name in said["prediction"].numpy()] == [dataset.class_names[index] for index in best]


@pytest.mark.slow
def test_a_saved_model_reads_transparent_files_as_the_program_does_and_says_what_it_does_not(probe, tmp_path):
    import tensorflow as tf

    path = export.export(probe, "savedmodel", tmp_path)
    served = tf.saved_model.load(str(path)).signatures
    rng = np.random.default_rng(0)
    for mode, format in (("RGBA", "PNG"), ("LA", "PNG"), ("P", "PNG"), ("RGB", "JPEG"), ("L", "JPEG")):
        stream = io.BytesIO()
        pixels = rng.integers(0, 256, (32, 32, 4), np.uint8)
        pixels[::2, ::2, 3] = 0
        Image.fromarray(pixels).convert(mode).save(stream, format, **({"transparency": 3} if mode == "P" else {}))
        decoded = decode(stream.getvalue())
        by_file = served["bytes"](image_bytes=tf.constant([stream.getvalue()]))["probabilities"].numpy()
        by_pixels = served["images"](images=tf.constant(decoded[None]))["probabilities"].numpy()
        np.testing.assert_allclose(by_file, by_pixels, atol=0.02, err_msg=mode)
    told = (path / "assets.extra" / "README.txt").read_text()
    assert "EXIF" in told
    assert "WebP" in told


@pytest.mark.slow
def test_a_model_that_says_something_else_is_not_given_away(probe, tmp_path, monkeypatch):
    import keras

    other = keras.models.clone_model(models.load(probe))  # the same network, other weights
    monkeypatch.setattr(models, "load", lambda run_id: other)
    for format in export.MODELS:
        with pytest.raises(RunError, match="does not predict what"):
            export.export(probe, format, tmp_path)
    assert list(tmp_path.glob("*keras")) == list(tmp_path.glob(".export*")) == []


@pytest.mark.slow
def test_what_rounding_does_to_a_network_is_no_fault_of_its_export(probe):
    run = runs.get(probe)
    _, _, stored = formats._checked_images(run)

    def rounded(images: np.ndarray) -> np.ndarray:
        return stored + 0.06 * (np.roll(stored, 1, axis=1) - stored)  # what MobileNetV2 has been seen to differ by

    gap = formats._distance(stored, rounded(stored))
    assert gap > 2 * formats.LARGEST_GAP
    assert formats.check(run, rounded, rounding=gap) == 60
    with pytest.raises(RunError, match="does not predict"):
        formats.check(run, rounded)


def test_bad_input_is_one_sentence_and_leaves_nothing(store, tmp_path):
    waiting = runs.create(RunConfig(**TINY))
    neighbours = done(method="knn")
    (tmp_path / "file").write_text("")
    for run_id, format, folder, error, words in (
        ("nothing", "keras", "to", RunError, "no run 'nothing'"),
        (neighbours, "pdf", "to", ConfigError, "no format 'pdf'.*keras, savedmodel, tflite"),
        (neighbours, "keras", "to", RunError, "nearest neighbours"),
        (waiting, "keras", "to", RunError, "is queued"),
        (waiting, "script", "to", RunError, "nothing to repeat"),
        (neighbours, "script", "file", RunError, "cannot be written"),
        (neighbours, "notebook", "file/below", RunError, "cannot be written"),
    ):
        with pytest.raises(error, match=words):
            export.export(run_id, format, tmp_path / folder)
    assert sorted(path.name for path in tmp_path.rglob("*") if "home" not in path.parts) == ["file", "to"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="limits of a process are Unix's")
@pytest.mark.slow
def test_a_full_disk_is_one_sentence_and_leaves_nothing(probe, tmp_path):
    program = f"""
import resource
from pathlib import Path
from core import export
from core.runs import models
from core.errors import RunError

models.load({probe!r})
resource.setrlimit(resource.RLIMIT_FSIZE, (4000, 4000))  # no file may be larger
for format in export.MODELS:
    try:
        export.export({probe!r}, format, Path({str(tmp_path)!r}, "to", format))
    except RunError as error:
        print(error)
"""
    found = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    told = found.stdout.splitlines()
    assert len(told) == len(export.MODELS), (told, found.stderr[-3000:])
    assert all("cannot be written" in line for line in told)
    assert not [path for path in (tmp_path / "to").rglob("*") if path.is_file()]
