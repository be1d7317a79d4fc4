"""Writes the model of a run in each format, with resizing and preprocessing inside, into a folder.

Runs in the worker.
"""

import functools
import gc
import importlib.util
import shutil
import sys
import warnings
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from core import backbones, quoting
from core.backbones import hub
from core.errors import ConfigError
from core.features import compiled
from core.features.encoder import Encoder

SCRIPT = "classify.py"  # beside each model

SAVED_MODEL_FILES = (
    "It reads JPEG and PNG files, transparency on white. TensorFlow ignores the orientation that phones write into "
    "photos (EXIF) and reads no WebP: turn such photos upright first (`ImageOps.exif_transpose` of Pillow), and "
    "convert WebP files. In PNG files of 16 bits it takes 65,535 for white: scale darker ones."
)
"""What the signature `bytes` of a SavedModel reads; it is written into its folder too."""

PACKAGES = {"onnx": ("tf2onnx", "onnxruntime")}  # beside requirements.txt


def keras(model: Any, encoder: Encoder, names: Sequence[str], folder: Path) -> None:
    """`model.keras`, and beside it the code of layers that neither Keras nor KerasHub has."""
    model.save(folder / "model.keras")
    if backbones.get(encoder.backbone).family == "Swin":
        shutil.copyfile(Path(hub.__file__).with_name("swin.py"), folder / "layers.py")


def litert(model: Any, encoder: Encoder, names: Sequence[str], folder: Path) -> None:
    """`model.tflite`, of LiteRT's own operations alone."""
    to_litert(convertible(model, encoder), folder / "model.tflite")


def to_litert(model: Any, path: Path, **options: Any) -> None:
    """Write a `convertible` model for LiteRT.

    Args:
        options: Attributes of TensorFlow's `TFLiteConverter`, such as `optimizations`.
    """
    import tensorflow as tf

    options["target_spec"] = {"supported_ops": [tf.lite.OpsSet.TFLITE_BUILTINS]} | options.get("target_spec", {})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.export(str(path), format="litert", verbose=False, input_signature=_signature(model), **options)


def onnx(model: Any, encoder: Encoder, names: Sequence[str], folder: Path) -> None:
    """`model.onnx`.

    Raises:
        ConfigError: A package is missing.
    """
    if missing := [name for name in PACKAGES["onnx"] if not importlib.util.find_spec(name)]:
        raise ConfigError(
            f"ONNX needs {' and '.join(missing)}, not installed here",
            remedy="Run pip install -r requirements-onnx.txt -c constraints.txt, and start again",
        )
    _teach_erfc()
    _free_between_passes()
    source, path = convertible(model, encoder), folder / "model.onnx"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        source.export(str(path), format="onnx", verbose=False, input_signature=_signature(source))


def openvino(model: Any, encoder: Encoder, names: Sequence[str], folder: Path) -> None:
    """`model.xml` and `model.bin`, float32."""
    sys.modules.setdefault("openvino_telemetry", None)  # pyright: ignore[reportArgumentType]: see features.inference
    source, path = convertible(model, encoder), folder / "model.xml"
    source.export(str(path), format="openvino", verbose=False, input_signature=_signature(source))


def saved_model(model: Any, encoder: Encoder, names: Sequence[str], folder: Path) -> None:
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
        image = tf.case(
            [
                (tf.strings.substr(encoded, 0, 4) == b"\x89PNG", lambda: on_white(encoded)),
                # as Pillow does: TensorFlow's own choice is faster, and changes answers
                (tf.io.is_jpeg(encoded), lambda: tf.io.decode_jpeg(encoded, 3, dct_method="INTEGER_ACCURATE")),
            ],
            lambda: tf.io.decode_image(encoded, channels=3, expand_animations=False),
        )
        image = tf.ensure_shape(image, (None, None, 3))
        side = tf.minimum(tf.shape(image)[0], tf.shape(image)[1])
        top, left = (tf.shape(image)[0] - side) // 2, (tf.shape(image)[1] - side) // 2
        square = image[top : top + side, left : left + side]
        for shape in ((side, size), (size, size)):  # rows, then columns, each to whole pixels, as Pillow does
            resized = tf.image.resize(square, shape, method="bicubic", antialias=True)
            square = tf.cast(tf.clip_by_value(tf.round(resized), 0, 255), tf.uint8)
        return tf.ensure_shape(square, (size, size, 3))

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
    archive.write_out(str(folder), verbose=False)
    (folder / "README.txt").write_text(f"{SAVED_MODEL_FILES}\n", encoding="utf-8")


def add_script(names: Sequence[str], folder: Path) -> None:
    """Write the labels of a model, and the script that runs it, into its folder."""
    labels = "".join(f"{quoting.line(name)}\n" for name in names)
    (folder / "labels.txt").write_text(labels, encoding="utf-8")
    shutil.copyfile(Path(__file__).with_name(SCRIPT), folder / SCRIPT)


def convertible(model: Any, encoder: Encoder) -> Any:
    """The same `keras.Model`, its images resized by matrix products: few runtimes have antialiased bicubic resizing."""
    import keras

    images = keras.Input(model.input_shape[1:], dtype="uint8", name="images")
    prepared = compiled.prepare(images, encoder.input_size, encoder.preprocessing, compiled.resize_by_matrices)
    x = keras.Model(images, prepared)(images)  # a model of its own: Keras may name its operations like those below
    operations = list(model.operations)
    network = next(index for index, operation in enumerate(operations) if isinstance(operation, keras.Model))
    for operation in operations[network:]:  # the network, and its head one after the other: see `training.model`
        x = operation(x)
    return keras.Model(images, x)


def in_float32(model: Any, path: Path) -> Any:
    """The same weights without bfloat16, which does not help on phones and CPUs.

    Args:
        path: Of a file that this writes on the way.
    """
    model.save(path)
    with zipfile.ZipFile(path) as file:
        parts = {name: file.read(name) for name in file.namelist()}
    parts["config.json"] = parts["config.json"].replace(b'"mixed_bfloat16"', b'"float32"')
    with zipfile.ZipFile(path, "w") as file:
        for name, part in parts.items():
            file.writestr(name, part)
    return backbones.read_model(path)


@functools.cache
def _teach_erfc() -> None:
    """Teach tf2onnx the operation Erfc, by which TensorFlow computes GELU: it is 1 - Erf."""
    from tf2onnx import utils
    from tf2onnx.handler import tf_op

    @tf_op("Erfc")
    class Erfc:
        @classmethod
        def version_9(cls, graph: Any, node: Any, **_: Any) -> None:
            (output,) = node.output
            described = {"shapes": [graph.get_shape(output)], "dtypes": [graph.get_dtype(output)]}
            graph.remove_node(node.name)
            one = graph.make_const(utils.make_name("one"), np.ones((), np.float32))
            erf = graph.make_node("Erf", node.input)
            graph.make_node("Sub", [one.output[0], erf.output[0]], outputs=[output], **described)


@functools.cache
def _free_between_passes() -> None:
    """Free what each pass of tf2onnx leaves: a copy of all weights, in cycles that Python collects much later."""
    from tf2onnx.optimizer.optimizer_base import GraphOptimizerBase

    optimize = GraphOptimizerBase.optimize

    def after_collecting(self: Any, graph: Any, iteration: int) -> Any:
        gc.collect()
        return optimize(self, graph, iteration)

    GraphOptimizerBase.optimize = after_collecting


def _signature(model: Any) -> list:
    import keras

    return [keras.InputSpec("uint8", (None, *model.input_shape[1:]), name="images")]
