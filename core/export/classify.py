"""Classify image files with the model beside this script.

    python classify.py photo.jpg another.png

Needs NumPy and Pillow, and what runs the model:

    model.keras       keras and tensorflow; for a transformer also keras-hub
    saved_model.pb    tensorflow
    model.tflite      ai-edge-litert
    model.onnx        onnxruntime
    model.xml         openvino
"""

import io
import runpy
import sys
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps

BATCH = 32  # files at once
Model = Callable[[Sequence[Path]], np.ndarray]


def classify(files: Sequence[Path]) -> np.ndarray:
    """Image files to the probabilities (n, classes) float32 of the classes in labels.txt."""
    batches = [files[start : start + BATCH] for start in range(0, len(files), BATCH)]
    return np.concatenate([model()(batch) for batch in batches])


def pixels(files: Sequence[Path], size: int) -> np.ndarray:
    """The central squares of image files, upright and on white, (n, size, size, 3) uint8 in RGB."""
    images = []
    for file in files:
        with Image.open(file) as opened:
            image = eight_bits(ImageOps.exif_transpose(opened)).convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
        side = min(image.size)
        left, top = (image.width - side) / 2, (image.height - side) / 2
        square = (left, top, left + side, top + side)
        images.append(np.asarray(image.resize((size, size), Image.Resampling.BICUBIC, square, reducing_gap=3.0)))
    return np.stack(images)


def eight_bits(image: Image.Image) -> Image.Image:
    """A grey image of 16 bits scaled to 8, from the smallest usual range that holds its values: Pillow clips it."""
    if not image.mode.startswith("I"):
        return image
    values = np.asarray(image).clip(0, 65_535).astype(np.uint32)
    white = next(2**bits - 1 for bits in (8, 10, 12, 14, 16) if values.max() < 2**bits)
    return Image.fromarray((values * 255 // white).astype(np.uint8))


@cache
def model() -> Model:
    """The model beside this script, of whichever format."""
    folder = Path(__file__).parent
    for name, load in LOADERS.items():
        if (folder / name).exists():
            return load(folder / name)
    raise FileNotFoundError(f"None of {', '.join(LOADERS)} is in {folder}")


def _keras(path: Path) -> Model:
    import keras

    layers = path.with_name("layers.py")  # of its own, where the network has some
    own = runpy.run_path(str(layers)) if layers.exists() else None
    network: Any = keras.models.load_model(path, custom_objects=own, compile=False)
    return lambda files: network.predict_on_batch(pixels(files, network.input_shape[1]))


def _saved_model(path: Path) -> Model:
    import tensorflow as tf

    loaded = tf.saved_model.load(str(path.parent))  # its variables live as long as this does
    decodes = loaded.signatures["bytes"]
    return lambda files: decodes(image_bytes=tf.constant([file.read_bytes() for file in files]))[
        "probabilities"
    ].numpy()


def _litert(path: Path) -> Model:
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(str(path))
    (images,), (probabilities,) = interpreter.get_input_details(), interpreter.get_output_details()
    size = images["shape"][1]
    interpreter.allocate_tensors()

    def predict(files: Sequence[Path]) -> np.ndarray:
        answers = []
        for image in pixels(files, size):
            interpreter.set_tensor(images["index"], image[None])
            interpreter.invoke()
            answers.append(interpreter.get_tensor(probabilities["index"])[0])
        return np.stack(answers)

    return predict


def _onnx(path: Path) -> Model:
    import onnxruntime

    session = onnxruntime.InferenceSession(path)
    (images,) = session.get_inputs()
    return lambda files: np.asarray(session.run(None, {images.name: pixels(files, images.shape[1])})[0])


def _openvino(path: Path) -> Model:
    sys.modules.setdefault("openvino_telemetry", None)  # pyright: ignore[reportArgumentType]: it reports each import
    import openvino

    # Its own choice is bfloat16 where the processor has it, which changes answers.
    network = openvino.Core().compile_model(path, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    size = network.input(0).partial_shape[1].get_length()
    return lambda files: network(pixels(files, size))[0]


LOADERS = {
    "model.keras": _keras,
    "saved_model.pb": _saved_model,
    "model.tflite": _litert,
    "model.onnx": _onnx,
    "model.xml": _openvino,
}


if __name__ == "__main__":
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # names that the terminal's encoding lacks
    labels = (Path(__file__).parent / "labels.txt").read_text(encoding="utf-8").splitlines()
    photos = [Path(argument) for argument in sys.argv[1:]]
    if not photos:
        sys.exit(__doc__)
    try:
        answers = classify(photos)
    except OSError as error:  # a file that is missing, or no image
        sys.exit(f"error: {error}")
    for photo, answer in zip(photos, answers, strict=True):
        best = np.argsort(-answer, kind="stable")[:3]
        print(photo.name, *(f"{labels[index]} {answer[index]:.1%}" for index in best), sep="  ")
