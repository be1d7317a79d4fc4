"""Exports of a run: its model as a file for other programs, or the code that repeats it.

    keras         one .keras file                              keras.models.load_model
    savedmodel    a folder: image files or pixels in, class names and probabilities out   TensorFlow Serving
    tflite        one .tflite file                             LiteRT on phones and small boards
    script, notebook                                           `core.export.script`

A written model is loaded again and must reproduce the run's stored predictions on test images before it gets its final
name. It includes resizing and preprocessing. Runs in the worker, apart from `FORMATS` and `target`.
"""

import json
import tempfile
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from core import keras_defaults, quoting, runs, storage
from core.data import datasets
from core.errors import ConfigError, DatasetError, RunError, closest
from core.export.script import script
from core.features import compiled
from core.progress import Progress, Report, silent
from core.runs import models

FORMATS = {
    "keras": "Keras file",
    "savedmodel": "SavedModel folder",
    "tflite": "LiteRT (TFLite) file",
    "script": "Python script",
    "notebook": "Jupyter notebook",
}
MODELS = ("keras", "savedmodel", "tflite")
CHECKED = 200  # test images, at most
LARGEST_GAP = 0.01  # mean total variation distance between two predictions of an image
_SUFFIXES = {"keras": ".keras", "savedmodel": "-savedmodel", "tflite": ".tflite", "script": ".py", "notebook": ".ipynb"}

SAVED_MODEL_FILES = (
    "It reads JPEG and PNG files, transparency on white. TensorFlow ignores the orientation that phones write into "
    "photos (EXIF) and reads no WebP: turn such photos upright first (`ImageOps.exif_transpose` of Pillow), and "
    "convert WebP files."
)
"""What the signature `bytes` of a SavedModel reads; it is written beside it too."""

Predict = Callable[[np.ndarray], np.ndarray]
"""Images (n, s, s, 3) uint8 to probabilities (n, classes) float32."""


def export(run_id: str, format: str, folder: Path, report: Report = silent) -> Path:
    """Write a run into a folder, created if missing; an older export of the same name is replaced.

    Returns:
        The file, or the folder of a SavedModel.

    Raises:
        ConfigError: The format is unknown.
        RunError: The run does not exist or has no model, the folder cannot be written, or the written model does not
            reproduce the run. Nothing is left behind.
        DatasetError: The test images are no longer on this machine.
    """
    if format not in FORMATS:
        raise ConfigError(f"There is no format {format!r}", f"one of {', '.join(FORMATS)}", closest(format, FORMATS))
    run = models.check(run_id) if format in MODELS else runs.get(run_id)
    path = target(run, format, Path(folder))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=".export-") as temporary:
            unchecked = Path(temporary) / path.name
            if format in MODELS:
                _write_model(run, format, unchecked, report)
            else:
                text = script.python_script(run) if format == "script" else script.notebook(run)
                unchecked.write_text(text, encoding="utf-8")
            _rename(unchecked, path)
    except OSError as error:
        raise RunError(
            f"{path} cannot be written ({error.strerror or error})", "", "Free some space, or choose another folder"
        ) from error
    return path


def target(run: runs.Run, format: str, folder: Path) -> Path:
    """Path of an export of this run."""
    return folder / f"{run.config.backbone}-{run.config.method}-{run.id[:8]}{_SUFFIXES[format]}"


def check(run: runs.Run, predict: Predict, rounding: float = 0.0) -> int:
    """Compare predictions with those that the run stored; returns the number of images compared.

    Args:
        rounding: The distance between predictions of the same weights in float32 and in the run's precision. Another
            device may have rounded otherwise, so twice as much is allowed.

    Raises:
        RunError: They differ by more than rounding explains.
        DatasetError: The images have changed or are gone.
    """
    rows, images, expected = _checked_images(run)
    predicted = predict(images)
    gap, same = _distance(predicted, expected), float(np.mean(predicted.argmax(axis=1) == expected.argmax(axis=1)))
    largest = LARGEST_GAP + 2 * rounding
    if not (gap <= largest and same >= 1 - 2 * largest):
        raise RunError(
            f"The written model does not predict what run {run.name} predicted: the same class for {same:.1%} of "
            f"{len(rows)} test images, probabilities {gap:.3f} apart",
            f"at least {1 - 2 * largest:.0%} and at most {largest:.2g}",
            "Nothing was kept. Please report this with the run's settings",
        )
    return len(rows)


def _distance(first: np.ndarray, second: np.ndarray) -> float:
    """The mean total variation distance, 0 to 1, between two predictions (n, classes) of each image."""
    return float(np.abs(first - second).sum(axis=1).mean() / 2)


def _checked_images(run: runs.Run) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Some test images: row ids (n,), pixels (n, s, s, 3) uint8, and the run's predictions (n, classes)."""
    stored, dataset = runs.predictions(run.id), datasets.load(run.config.dataset)
    positions = np.unique(np.linspace(0, len(stored) - 1, min(CHECKED, len(stored))).astype(int))
    stored = stored.iloc[positions]
    rows = stored["row"].to_numpy()
    if rows.max() >= len(dataset.labels) or (dataset.labels[rows] != stored["label"]).any():
        raise DatasetError(
            f"The dataset {dataset.name} has changed since run {run.name}",
            "the images it was tested on",
            "Repeat the run, or restore the old images",
        )
    return rows, dataset.images[rows], stored.filter(regex=r"^p_\d+$").to_numpy(np.float32)


def _rename(unchecked: Path, path: Path) -> None:
    """Give a complete export its final name."""
    if path.is_dir():
        path.rename(unchecked.parent / "old")  # deleted with the temporary folder
    unchecked.rename(path)


# Models


def _write_model(run: runs.Run, format: str, path: Path, report: Report) -> None:
    if format != "keras":
        keras_defaults.need_tensorflow(f"a {FORMATS[format]}")
    report(Progress("export", 0, 2, unit="steps"))
    model, names = models.load(run.id), datasets.load(run.config.dataset).class_names
    write, read = {
        "keras": (_write_keras, _read_keras),
        "savedmodel": (_write_saved_model, _read_saved_model),
        "tflite": (_write_tflite, _read_tflite),
    }[format]
    try:
        rounding = 0.0
        if run.config.encoder.precision == "bfloat16":
            exact, (_, images, _) = _in_float32(model, path.with_name("mixed.keras")), _checked_images(run)
            ours, theirs = (each.predict(images, batch_size=32, verbose=0) for each in (model, exact))
            rounding = _distance(ours, theirs)
            model = model if format == "keras" else exact
        write(model, names, path)
        report(Progress("check", 1, 2, unit="steps"))
        check(run, read(path), rounding)
    except RunError:
        raise
    except Exception as error:
        if isinstance(error, OSError) or not storage.is_full(error):
            raise
        raise OSError(str(error)) from error
    report(Progress("check", 2, 2, unit="steps"))


def _in_float32(model: Any, path: Path) -> Any:
    """The same weights without bfloat16, which does not help on phones and CPUs."""
    import keras

    model.save(path)
    with zipfile.ZipFile(path) as file:
        parts = {name: file.read(name) for name in file.namelist()}
    parts["config.json"] = parts["config.json"].replace(b'"mixed_bfloat16"', b'"float32"')
    with zipfile.ZipFile(path, "w") as file:
        for name, part in parts.items():
            file.writestr(name, part)
    return keras.models.load_model(path, compile=False)


def _write_keras(model, names: tuple[str, ...], path: Path) -> None:
    model.save(path)
    _add_labels(path, names)


def _read_keras(path: Path) -> Predict:
    import keras

    model: Any = keras.models.load_model(path, compile=False)
    return lambda images: model.predict(images, batch_size=32, verbose=0)


def _add_labels(path: Path, names: tuple[str, ...]) -> None:
    """Append zip entries, which readers of both formats ignore: `unzip model.tflite` extracts them."""
    with zipfile.ZipFile(path, "a") as file:
        file.writestr("labels.txt", "".join(f"{quoting.line(name)}\n" for name in names))


def _write_saved_model(model, names: tuple[str, ...], path: Path) -> None:
    """Two signatures: `bytes`, the default, takes JPEG or PNG files; `images` takes uint8 pixels.

    TensorFlow decodes the files, which cannot do all that `images.decode` does: `SAVED_MODEL_FILES` says what.
    """
    import keras
    import tensorflow as tf

    size, classes = model.input_shape[1], tf.constant(names)

    def on_white(encoded):
        pixels = tf.cast(tf.io.decode_png(encoded, channels=4), tf.float32)
        alpha = pixels[:, :, 3:] / 255
        return tf.cast(tf.round(pixels[:, :, :3] * alpha + 255 * (1 - alpha)), tf.uint8)

    def decode(encoded):
        image = tf.cond(
            tf.strings.substr(encoded, 0, 4) == b"\x89PNG",
            lambda: on_white(encoded),
            lambda: tf.io.decode_image(encoded, channels=3, expand_animations=False),
        )
        image = tf.ensure_shape(image, (None, None, 3))
        side = tf.minimum(tf.shape(image)[0], tf.shape(image)[1])
        top, left = (tf.shape(image)[0] - side) // 2, (tf.shape(image)[1] - side) // 2
        square = image[top : top + side, left : left + side]
        resized = tf.image.resize(square, (size, size), method="bicubic", antialias=True)
        return tf.cast(tf.clip_by_value(tf.round(resized), 0, 255), tf.uint8)

    def of_images(images):
        probabilities = model(images, training=False)
        return {
            "probabilities": probabilities,
            "class_names": tf.broadcast_to(classes, tf.shape(probabilities)),  # in the order of the probabilities
            "prediction": tf.gather(classes, tf.argmax(probabilities, axis=1)),
        }

    def of_bytes(image_bytes):
        return of_images(tf.map_fn(decode, image_bytes, fn_output_signature=tf.TensorSpec((size, size, 3), tf.uint8)))

    archive: Any = keras.export.ExportArchive()
    archive.track(model)
    archive.add_endpoint("bytes", of_bytes, [tf.TensorSpec((None,), tf.string, "image_bytes")])
    archive.add_endpoint("images", of_images, [tf.TensorSpec((None, size, size, 3), tf.uint8, "images")])
    archive.write_out(str(path), verbose=False)
    (path / "assets.extra").mkdir(exist_ok=True)  # the place for files that TensorFlow does not read
    (path / "assets.extra" / "labels.json").write_text(json.dumps(names, ensure_ascii=False), encoding="utf-8")
    (path / "assets.extra" / "README.txt").write_text(f"{SAVED_MODEL_FILES}\n", encoding="utf-8")


def _read_saved_model(path: Path) -> Predict:
    import tensorflow as tf

    signatures = tf.saved_model.load(str(path)).signatures

    def predict(images: np.ndarray) -> np.ndarray:
        parts = []
        for part in np.array_split(images, max(len(images) // 32, 1)):
            pixels = signatures["images"](images=tf.constant(part))["probabilities"].numpy()
            files = tf.stack([tf.io.encode_png(image) for image in part])
            decoded = signatures["bytes"](image_bytes=files)["probabilities"].numpy()
            parts.append(np.where(np.isclose(pixels, decoded, atol=1e-3), pixels, np.nan))  # both must agree
        return np.concatenate(parts)

    return predict


def _write_tflite(model, names: tuple[str, ...], path: Path) -> None:
    import tensorflow as tf

    size = model.input_shape[1]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        spec = tf.TensorSpec((None, size, size, 3), tf.uint8, "images")
        function = tf.function(_resizing_by_matrices(model), input_signature=[spec], autograph=False)
        converter = tf.lite.TFLiteConverter.from_concrete_functions([function.get_concrete_function()])
        path.write_bytes(converter.convert())
    _add_labels(path, names)


def _resizing_by_matrices(model) -> Callable:
    """The model for LiteRT, which has neither antialiased nor bicubic resizing: two matrix products replace them."""
    import keras

    steps, start = [], model.input
    for resize in (operation for operation in model.operations if type(operation).__name__ == "Resize"):
        if resize.antialias or resize.interpolation != "bilinear":
            steps.append((keras.Model(start, resize.input), resize))
            start = resize.output
    rest = keras.Model(start, model.output)

    def predict(images):
        x = images
        for model_before, resize in steps:
            x = compiled.resize_by_matrices(
                model_before(x, training=False),
                resize.output.shape[1:3],
                interpolation=resize.interpolation,
                antialias=resize.antialias,
            )
        return rest(x, training=False)

    return predict


def _read_tflite(path: Path) -> Predict:
    import tensorflow as tf

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # TensorFlow recommends another package, which is not pinned here
        interpreter = tf.lite.Interpreter(model_path=str(path))
    input_index = interpreter.get_input_details()[0]["index"]
    output_index = interpreter.get_output_details()[0]["index"]

    def predict(images: np.ndarray) -> np.ndarray:
        parts = []
        for image in images:
            interpreter.resize_tensor_input(input_index, (1, *image.shape))
            interpreter.allocate_tensors()
            interpreter.set_tensor(input_index, image[None])
            interpreter.invoke()
            parts.append(interpreter.get_tensor(output_index))
        return np.concatenate(parts)

    return predict
