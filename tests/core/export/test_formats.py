"""What is taken away says what the run said, or is not given away at all."""

import gc
import io
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import ExifTags, Image

from core import execute, export, runs
from core.config import RunConfig
from core.data import datasets
from core.data.images import decode, square
from core.errors import ConfigError, RunError
from core.export import agreement, classify, formats, writers
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
    for format in (*formats.WRITERS, *formats.CODE):
        folder = tmp_path / format / "take"
        path = export.export(run_id, format, folder)
        assert list(folder.iterdir()) == [path]
        assert run_id[:8] in path.name
        if format in ("keras", "script"):
            assert export.export(run_id, format, folder) == path  # the same again takes its place
            assert list(folder.iterdir()) == [path]


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["clip", "torch"])  # by cubes and to whole pixels, or linear
@pytest.mark.parametrize(("before", "after"), [(40, 24), (24, 40)], ids=["smaller", "larger"])
def test_a_phone_resizes_images_as_the_run_did(tmp_path, before, after, mode):
    import keras

    pixels, prepared = keras.Input((before, before, 3), dtype="uint8"), keras.Input((after, after, 3))
    network = keras.Model(prepared, keras.layers.Identity()(prepared))
    model = keras.Model(pixels, network(compiled.prepare(pixels, after, mode)))
    encoder = SimpleNamespace(input_size=after, preprocessing=mode)
    writers.litert(model, encoder, ("cat",), tmp_path)
    writers.add_script(("cat",), tmp_path)
    images = np.random.default_rng(0).integers(0, 256, (3, before, before, 3), np.uint8)
    files = [tmp_path / f"{index}.png" for index in range(len(images))]
    for file, image in zip(files, images, strict=True):
        Image.fromarray(image).save(file)
    gap = np.abs(agreement.classifier(tmp_path)(files) - model.predict(images, verbose=0))
    grey = 1 / 55  # one of 255, after preprocessing
    assert gap.max() <= 1.2 * grey  # where half a grey was rounded the other way
    assert gap.mean() <= 0.01 * grey


@pytest.mark.slow
def test_conversion_to_onnx_keeps_the_graph_of_no_earlier_pass(tmp_path, monkeypatch):
    import keras
    from tf2onnx.graph import Graph
    from tf2onnx.optimizer.identity_optimizer import IdentityOptimizer

    alive, optimize = [], IdentityOptimizer._optimize

    def counted(self, graph):
        alive.append(sum(isinstance(each, Graph) for each in gc.get_objects()))
        return optimize(self, graph)

    monkeypatch.setattr(IdentityOptimizer, "_optimize", counted)
    pixels, prepared = keras.Input((8, 8, 3), dtype="uint8"), keras.Input((8, 8, 3))
    network = keras.Model(prepared, keras.layers.Identity()(prepared))
    model = keras.Model(pixels, network(compiled.prepare(pixels, 8, "tf")))
    writers.onnx(model, SimpleNamespace(input_size=8, preprocessing="tf"), ("cat",), tmp_path)
    assert alive and max(alive) <= 3  # the first, the last, and the copy that is changed


def test_the_script_beside_a_model_sees_the_pixels_that_this_program_sees(tmp_path):
    rng, files = np.random.default_rng(0), []
    for mode, suffix in (("RGB", "jpg"), ("L", "jpg"), ("RGBA", "png"), ("LA", "png"), ("P", "png"), ("RGB", "webp")):
        image = Image.fromarray(rng.integers(0, 256, (50, 80, 4), np.uint8)).convert(mode)
        files.append(tmp_path / f"{mode}.{suffix}")
        exif = Image.Exif()
        exif[ExifTags.Base.Orientation] = 6  # a phone held upright
        image.save(files[-1], **({"exif": exif} if suffix == "jpg" else {}))
    for bits in (10, 12, 16):
        files.append(tmp_path / f"{bits}.png")
        Image.fromarray(rng.integers(0, 2**bits, (50, 80), np.uint16)).save(files[-1])
    expected = [square(decode(file), 32) for file in files]
    np.testing.assert_array_equal(classify.pixels(files, 32), expected)


def test_the_script_beside_a_model_clips_values_of_32_bits():
    image = Image.fromarray(np.array([[-5, 0, 65_535, 70_000]], np.int32))
    np.testing.assert_array_equal(classify.eight_bits(image), [[0, 0, 255, 255]])


def test_the_script_beside_a_model_keeps_openvino_from_reporting_that_it_was_imported(tmp_path):
    shutil.copy(classify.__file__, tmp_path)
    for name in ("labels.txt", "model.xml", "openvino_telemetry.py"):
        (tmp_path / name).touch()
    (tmp_path / "openvino.py").write_text("import openvino_telemetry")
    command = [sys.executable, tmp_path / "classify.py", "photo.png"]
    found = subprocess.run(command, capture_output=True, text=True)
    assert found.stderr.strip().endswith("import of openvino_telemetry halted; None in sys.modules")


@pytest.mark.slow
def test_the_script_beside_a_model_says_the_classes_of_photos(probe, tmp_path):
    folder = export.export(probe, "litert", tmp_path)
    stored, dataset = runs.predictions(probe).iloc[0], datasets.load("cifar10-sample")
    assert (folder / "labels.txt").read_text().split() == list(dataset.class_names)
    photo = tmp_path / "金魚.png"
    Image.fromarray(dataset.images[int(stored["row"])]).save(photo)
    command, ascii_alone = [sys.executable, folder / "classify.py", photo], {"PYTHONIOENCODING": "ascii"}
    found = subprocess.run(command, env=os.environ | ascii_alone, capture_output=True, text=True)
    answer = dataset.class_names[int(stored["prediction"])]
    assert found.stdout.startswith(rf"\u91d1\u9b5a.png  {answer} {stored[f'p_{int(stored.prediction)}']:.1%}"), (
        found.stderr
    )
    for bad in ("missing.png", "labels.txt", "."):
        found = subprocess.run([*command, bad], cwd=folder, capture_output=True, text=True)
        assert found.returncode and found.stderr.splitlines()[-1].startswith("error: ") and bad in found.stderr
        assert "Traceback" not in found.stderr


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
    told = (path / "README.txt").read_text()
    assert "EXIF" in told
    assert "WebP" in told


@pytest.mark.slow
def test_a_model_that_says_something_else_is_not_given_away(probe, tmp_path, monkeypatch):
    import keras

    other = keras.models.clone_model(models.load(probe))  # the same network, other weights
    monkeypatch.setattr(models, "load", lambda run_id: other)
    for format in formats.WRITERS:
        with pytest.raises(RunError, match="does not predict what"):
            export.export(probe, format, tmp_path)
    assert list(tmp_path.glob("Tiny*")) == list(tmp_path.glob(".export*")) == []


@pytest.mark.slow
def test_what_rounding_does_to_a_network_is_no_fault_of_its_export(probe):
    run = runs.get(probe)
    stored = runs.predictions(probe).filter(regex=r"^p_").to_numpy(np.float32)
    exact = SimpleNamespace(predict=lambda images, **options: stored[: len(images)])

    def rounded(files) -> np.ndarray:
        answers = stored[: len(files)]
        return answers + 0.06 * (np.roll(answers, 1, axis=1) - answers)  # what MobileNetV2 has been seen to differ by

    gap = agreement.distance(stored, rounded(stored))
    assert gap > 2 * agreement.LARGEST_GAP
    assert agreement.check(run, exact, rounded, rounding=gap) == 60
    with pytest.raises(RunError, match="does not predict"):
        agreement.check(run, exact, rounded)


@pytest.mark.slow
def test_a_model_that_agrees_on_pixels_but_not_on_photos_is_not_given_away(probe):
    model = models.load(probe)

    def stretched(files) -> np.ndarray:  # instead of cropped
        images = [np.asarray(Image.open(file).convert("RGB").resize((32, 32))) for file in files]
        return model.predict(np.stack(images), verbose=0)

    with pytest.raises(RunError, match="20 image files"):
        agreement.check(runs.get(probe), model, stretched)


@pytest.mark.slow
def test_bad_input_is_one_sentence_and_leaves_nothing(store, tmp_path):
    waiting = runs.create(RunConfig(**TINY))
    neighbours = done(method="knn")
    (tmp_path / "file").write_text("")
    for run_id, format, folder, error, words in (
        ("nothing", "keras", "to", RunError, "no run 'nothing'"),
        (neighbours, "pdf", "to", ConfigError, "no format 'pdf'.*keras, savedmodel, litert"),
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
from types import SimpleNamespace
from core import export
from core.export import formats
from core.runs import models
from core.errors import RunError

models.load({probe!r})
resource.setrlimit(resource.RLIMIT_FSIZE, (4000, 4000))  # no file may be larger
for format in formats.WRITERS:
    try:
        export.export({probe!r}, format, Path({str(tmp_path)!r}, "to", format))
    except RunError as error:
        print(error)
"""
    found = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    told = found.stdout.splitlines()
    assert len(told) == len(formats.WRITERS), (told, found.stderr[-3000:])
    assert all("cannot be written" in line for line in told)
    assert not [path for path in (tmp_path / "to").rglob("*") if path.is_file()]


@pytest.mark.slow
def test_a_model_is_converted_whatever_keras_calls_its_operations():
    """Keras counts the operations of a process; a model that was read has the numbers of the process that wrote it."""
    import keras

    encoder = RunConfig(backbone="Tiny").encoder
    network, images = compiled.network(encoder), keras.Input((32, 32, 3), dtype="uint8")
    prepared = compiled.prepare(images, encoder.input_size, encoder.preprocessing)
    latest = keras.ops.cast(images, "float32")._keras_history.operation.name
    following = f"cast_{int(latest.removeprefix('cast').lstrip('_') or 0) + 1}"
    model = keras.Model(images, keras.layers.Activation("softmax", name=following)(network(prepared)))
    assert writers.convertible(model, encoder).output_shape == model.output_shape
