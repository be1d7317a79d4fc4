"""Frozen networks on OpenVINO against TensorFlow, the same network and images, in turns."""

from statistics import median
from time import perf_counter

import numpy as np

from core import backbones, keras_defaults
from core.bench.empty_home import empty_home
from core.features import Encoder, compiled, inference
from core.features.compiled import Forward

COMPARED = (
    "EfficientNetLite0",
    "MobileNetV2",
    "ResNet50",
    "EfficientNetB0",
    "DenseNet121",
    "ConvNeXtTiny",
    "VGG16",
    "CLIPViTB32",
)
IMAGE_SIZE = 32  # pixels, as CIFAR-10 has
ROUNDS = 7
ROUND_SECONDS = 2.0  # about, of TensorFlow; half of it for OpenVINO


def engines(*, backbone: str = "", weights: str = "untrained", input_size: int = 0) -> dict:
    """Images per second of both by backbone, how far their features differ, and the seconds of converting.

    Args:
        backbone: One of them, "all", or "" for those that represent their families.
    """
    keras_defaults.need_tensorflow("this comparison")
    names = {"": COMPARED, "all": tuple(backbones.names())}.get(backbone, (backbone,))
    return {name: _one(Encoder(name, weights, input_size, precision="float32")) for name in names}


def _one(encoder: Encoder) -> dict:
    size, mode = encoder.input_size, encoder.preprocessing
    original = compiled.on_tensorflow(compiled.network(encoder), {}, image_size=IMAGE_SIZE, input_size=size, mode=mode)
    with empty_home():
        started = perf_counter()
        converted = inference.fastest({"backbone": encoder.backbone}, lambda: original)
        seconds = perf_counter() - started
    if converted is original.network:
        return {"refused": True}
    images = np.random.default_rng(0).integers(0, 256, (64, IMAGE_SIZE, IMAGE_SIZE, 3), np.uint8)
    few = np.split(images, 16)  # all at once take 20 GB at 600 px
    expected, got = (np.concatenate([each.function(part) for part in few]) for each in (original.network, converted))
    lengths = np.linalg.norm(expected, axis=1) * np.linalg.norm(got, axis=1)
    streams = [Forward(network.function, network.dim) for network in (original.network, converted)]
    rates = [_rate(stream, images) for stream in streams]  # also finds the batch sizes
    batch = max(stream.batch_size or 1 for stream in streams)  # sizes are powers of 2
    many = batch * (round(rates[0] * ROUND_SECONDS) // batch + 1)  # whole batches: another shape takes time to prepare
    rounds = [[_rate(stream, images, many) for stream in streams] for _ in range(ROUNDS)]
    return {
        "input_size": size,
        "tensorflow": round(median(rate for rate, _ in rounds), 1),
        "openvino": round(median(rate for _, rate in rounds), 1),
        "ratio": round(median(rate / before for before, rate in rounds), 2),
        "batch_sizes": [stream.batch_size for stream in streams],
        "cosine": float(((expected * got).sum(axis=1) / lengths).min()),
        "difference": float(np.abs(expected - got).max() / expected.std()),  # in standard deviations
        "convert_seconds": round(seconds, 1),
    }


def _rate(stream: Forward, images: np.ndarray, count: int = 0) -> float:
    """Images per second over `count` images; 0: until the batch size is known, and one batch more."""
    started = perf_counter()
    for _ in stream.stream(images, np.arange(count or 1_000_000) % len(images)):
        if not count and stream.rate:
            break
    return count / (perf_counter() - started) if count else stream.rate or 0.0
