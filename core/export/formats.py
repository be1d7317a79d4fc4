"""Taking a run away: its model as a file for other programs, or the code that repeats it.

    keras         one .keras file                              keras.models.load_model
    savedmodel    a folder: image files or pixels in, class names and probabilities out      TensorFlow Serving
    tflite        one .tflite file                             LiteRT on phones and small boards
    script, notebook                                           `core.export.script`

A model is read back from what was written and has to repeat the run's stored predictions of test images; only then does
it get its final name. Resizing and preprocessing are inside. Worker side, apart from `FORMATS` and `target`.
"""

import json
import tempfile
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from core import runs
from core.data import datasets
from core.errors import ConfigError, DatasetError, RunError, closest
from core.export.script import script
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
LARGEST_GAP = {"float32": 0.01, "bfloat16": 0.05}  # mean share of the probability that went to another class
_SUFFIXES = {"keras": ".keras", "savedmodel": "-savedmodel", "tflite": ".tflite", "script": ".py", "notebook": ".ipynb"}

Predict = Callable[[np.ndarray], np.ndarray]
"""Images (n, s, s, 3) uint8 to probabilities (n, classes) float32."""


def export(run_id: str, format: str, folder: Path, report: Report = silent) -> Path:
    """Write a run into a folder, which is made if need be; what has the same name there is replaced.

    Returns:
        The file, or the folder of a SavedModel.

    Raises:
        ConfigError: There is no such format.
        RunError: There is no such run, it has no model, the folder cannot be written, or what was written does not
            repeat the run. Nothing is left behind then.
        DatasetError: The images to check by are not here any more.
    """
    if format not in FORMATS:
        raise ConfigError(f"There is no format {format!r}", f"one of {', '.join(FORMATS)}", closest(format, FORMATS))
    run = models.check(run_id) if format in MODELS else runs.get(run_id)
    path = target(run, format, Path(folder))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=".export-") as temporary:
            made = Path(temporary) / path.name
            if format in MODELS:
                _write_model(run, format, made, report)
            else:
                text = script.python_script(run) if format == "script" else script.notebook(run)
                made.write_text(text, encoding="utf-8")
            _put(made, path)
    except OSError as error:
        raise RunError(
            f"{path} cannot be written ({error.strerror or error})", "", "Make room, or choose another folder"
        ) from error
    return path


def target(run: runs.Run, format: str, folder: Path) -> Path:
    """Where an export of this run goes."""
    return folder / f"{run.config.backbone}-{run.config.method}-{run.id[:8]}{_SUFFIXES[format]}"


def check(run: runs.Run, predict: Predict) -> int:
    """Compare predictions with those that the run stored; returns on how many images.

    Raises:
        RunError: They differ by more than rounding explains.
        DatasetError: The images have changed or are gone.
    """
    rows, images, expected = _to_check_by(run)
    got = predict(images)
    gap = float(np.abs(got - expected).sum(axis=1).mean() / 2)
    same = float(np.mean(got.argmax(axis=1) == expected.argmax(axis=1)))
    most = LARGEST_GAP[run.config.encoder.precision]
    if not (gap <= most and same >= 1 - 2 * most):
        raise RunError(
            f"What was written predicts something else than run {run.name}: {same:.1%} of {len(rows)} test images "
            f"alike, probabilities {gap:.3f} apart",
            f"{1 - 2 * most:.0%} and {most:g}",
            "Nothing was kept. Please report this with the run's settings",
        )
    return len(rows)


def _to_check_by(run: runs.Run) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Some test images: row ids (n,), pixels (n, s, s, 3) uint8, and what the run said of them (n, classes)."""
    stored, dataset = runs.predictions(run.id), datasets.load(run.config.dataset)
    places = np.unique(np.linspace(0, len(stored) - 1, min(CHECKED, len(stored))).astype(int))
    stored = stored.iloc[places]
    rows = stored["row"].to_numpy()
    if rows.max() >= len(dataset.labels) or (dataset.labels[rows] != stored["label"]).any():
        raise DatasetError(
            f"The dataset {dataset.name} has changed since run {run.name}",
            "the images it was tested on",
            "Start the run again, or bring the old images back",
        )
    return rows, dataset.images[rows], stored.filter(regex=r"^p_\d+$").to_numpy(np.float32)


def _put(made: Path, path: Path) -> None:
    """Give what is whole its final name."""
    if path.is_dir():
        path.rename(made.parent / "old")  # and away with the temporary folder
    made.rename(path)


# Models


def _write_model(run: runs.Run, format: str, made: Path, report: Report) -> None:
    import keras

    if format != "keras" and keras.backend.backend() != "tensorflow":
        raise RunError(
            f"A {FORMATS[format]} is made by TensorFlow, and Keras runs on {keras.backend.backend()} here",
            "the backend tensorflow",
            "Set KERAS_BACKEND=tensorflow, or choose the Keras file",
        )
    report(Progress("export", 0, 2, unit="steps"))
    model, names = models.load(run.id), datasets.load(run.config.dataset).class_names
    write, read = {"keras": (_save, _load), "savedmodel": (_serve, _ask), "tflite": (_convert, _interpret)}[format]
    try:
        if format != "keras" and run.config.encoder.precision == "bfloat16":
            model = _in_float32(model, made.with_name("mixed.keras"))
        write(model, names, made)
        report(Progress("check", 1, 2, unit="steps"))
        check(run, read(made))
    except RunError:
        raise
    except Exception as error:
        if isinstance(error, OSError) or not _is_of_the_disk(error):
            raise
        raise OSError(str(error)) from error
    report(Progress("check", 2, 2, unit="steps"))


def _is_of_the_disk(error: Exception) -> bool:
    """TensorFlow and HDF5 have errors of their own for a disk that is full."""
    text = str(error).lower()
    return any(
        words in text for words in ("no space left", "file too large", "disk quota", "write failed", "can't write")
    )


def _in_float32(model, path: Path):
    """The same weights without bfloat16, which phones and CPUs gain nothing from."""
    import keras

    model.save(path)
    with zipfile.ZipFile(path) as file:
        parts = {name: file.read(name) for name in file.namelist()}
    parts["config.json"] = parts["config.json"].replace(b'"mixed_bfloat16"', b'"float32"')
    with zipfile.ZipFile(path, "w") as file:
        for name, part in parts.items():
            file.writestr(name, part)
    return keras.models.load_model(path, compile=False)


def _save(model, names: tuple[str, ...], made: Path) -> None:
    model.save(made)
    _add_labels(made, names)


def _load(made: Path) -> Predict:
    import keras

    model: Any = keras.models.load_model(made, compile=False)
    return lambda images: model.predict(images, batch_size=32, verbose=0)


def _add_labels(made: Path, names: tuple[str, ...]) -> None:
    """Both kinds of file may carry a zip's further entries, and readers look past them: `unzip model.tflite`."""
    with zipfile.ZipFile(made, "a") as file:
        file.writestr("labels.txt", "\n".join(names) + "\n")


def _serve(model, names: tuple[str, ...], made: Path) -> None:
    """Two signatures: `bytes` takes files of images, JPEG or PNG, and is the default; `images` takes uint8 pixels."""
    import keras
    import tensorflow as tf

    size, classes = model.input_shape[1], tf.constant(names)

    def decode(encoded):
        image = tf.io.decode_image(encoded, channels=3, expand_animations=False)
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
    archive.write_out(str(made), verbose=False)
    (made / "assets.extra").mkdir(exist_ok=True)  # where SavedModels carry what TensorFlow does not read
    (made / "assets.extra" / "labels.json").write_text(json.dumps(names, ensure_ascii=False), encoding="utf-8")


def _ask(made: Path) -> Predict:
    import tensorflow as tf

    signatures = tf.saved_model.load(str(made)).signatures

    def predict(images: np.ndarray) -> np.ndarray:
        parts = []
        for part in np.array_split(images, max(len(images) // 32, 1)):
            pixels = signatures["images"](images=tf.constant(part))["probabilities"].numpy()
            files = tf.stack([tf.io.encode_png(image) for image in part])
            decoded = signatures["bytes"](image_bytes=files)["probabilities"].numpy()
            parts.append(np.where(np.isclose(pixels, decoded, atol=1e-3), pixels, np.nan))  # both have to be right
        return np.concatenate(parts)

    return predict


def _convert(model, names: tuple[str, ...], made: Path) -> None:
    import tensorflow as tf

    size = model.input_shape[1]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        spec = tf.TensorSpec((None, size, size, 3), tf.uint8, "images")
        function = tf.function(_by_products(model), input_signature=[spec], autograph=False)
        converter = tf.lite.TFLiteConverter.from_concrete_functions([function.get_concrete_function()])
        made.write_bytes(converter.convert())
    _add_labels(made, names)


def _by_products(model) -> Callable:
    """The model for LiteRT, which resizes neither with antialiasing nor by cubes: two products with matrices do it."""
    import keras
    import tensorflow as tf

    def matrix(before: int, after: int, way: Any) -> Any:
        """(before, after): what each pixel of a line gives to each of the resized line."""
        lines = tf.reshape(tf.eye(before), (1, before, before, 1))
        resized: Any = keras.ops.image.resize(
            lines, (before, after), interpolation=way.interpolation, antialias=way.antialias
        )
        return resized[0, :, :, 0]

    ways = [each for each in model.operations if type(each).__name__ == "Resize"]
    steps, start = [], model.input
    for way in ways:
        if way.antialias or way.interpolation != "bilinear":
            before, after = way.input.shape[1:3], way.output.shape[1:3]
            products = [matrix(old, new, way) for old, new in zip(before, after, strict=True)]
            steps.append((keras.Model(start, way.input), *products))
            start = way.output
    rest = keras.Model(start, model.output)

    def predict(images):
        x = images
        for until, rows, columns in steps:
            x = tf.transpose(until(x, training=False), (0, 3, 2, 1))  # (b, 3, columns, rows)
            x = tf.transpose(tf.matmul(x, rows), (0, 1, 3, 2))  # (b, 3, rows after, columns)
            x = tf.transpose(tf.matmul(x, columns), (0, 2, 3, 1))  # (b, rows after, columns after, 3)
        return rest(x, training=False)

    return predict


def _interpret(made: Path) -> Predict:
    import tensorflow as tf

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # TensorFlow would like us to use another package, not yet pinned here
        interpreter = tf.lite.Interpreter(model_path=str(made))
    given, asked = interpreter.get_input_details()[0]["index"], interpreter.get_output_details()[0]["index"]

    def predict(images: np.ndarray) -> np.ndarray:
        parts = []
        for image in images:
            interpreter.resize_tensor_input(given, (1, *image.shape))
            interpreter.allocate_tensors()
            interpreter.set_tensor(given, image[None])
            interpreter.invoke()
            parts.append(interpreter.get_tensor(asked))
        return np.concatenate(parts)

    return predict
