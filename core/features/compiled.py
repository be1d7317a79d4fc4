"""One compiled function from uint8 images to pooled features, and the search for its batch size."""

import logging
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from time import perf_counter
from typing import Any

import numpy as np

from core import backbones, hardware
from core.backbones import Weights
from core.data.images import PREPROCESSING, preprocess
from core.errors import BackboneError, ConfigError
from core.features.encoder import Encoder

LARGEST_BATCH = 1024
STEP_SECONDS = 1.0  # the longest a batch may take, so that progress shows and a stop takes effect
AHEAD = 2  # batches in flight: the device computes one while this process stores the last and reads the next

log = logging.getLogger(__name__)


def build(encoder: Encoder, *, image_size: int) -> "Forward":
    """Resizing, preprocessing and backbone in one compiled function; the features are float32 at any precision.

    Args:
        image_size: Pixels, square, of the input images.
    """
    return _build(encoder, encoder.find_weights(), image_size)


def network(encoder: Encoder, *, seed: int = backbones.UNTRAINED_SEED) -> Any:
    """The `keras.Model` of an encoder, from (b, s, s, 3) resized and preprocessed to (b, d)."""
    return _load(encoder, encoder.find_weights(), seed)


def clear() -> None:
    """Forget the compiled functions."""
    _build.cache_clear()


def compile(
    network: Any, *, image_size: int, input_size: int, mode: str, parts: dict[str, tuple[int, int]] | None = None
) -> "Forward":
    """Resizing, preprocessing and an existing network, (b, s, s, 3) -> (b, dim), in one function.

    Args:
        mode: One of `images.PREPROCESSING`.
        parts: The columns of each output, if the network concatenates several.
    """
    import keras

    pixels = keras.Input((image_size, image_size, 3), dtype="uint8")
    x = network(prepare(pixels, input_size, mode))
    model = keras.Model(pixels, keras.ops.cast(x, "float32"))
    jax = keras.backend.backend() == "jax"
    function = _compile_jax(model) if jax else _compile_tensorflow(model)
    return Forward(function, dim=model.output_shape[-1], parts=parts or {}, pads=jax)


def prepare(pixels: Any, input_size: int, mode: str) -> Any:
    """Resize and preprocess uint8 images (b, s, s, 3), arrays or symbolic, for a network of this mode."""
    from keras import ops

    if mode not in PREPROCESSING:
        raise ConfigError(f"Unknown preprocessing {mode!r}", "one of " + ", ".join(PREPROCESSING))
    x, image_size, way = ops.cast(pixels, "float32"), pixels.shape[1], PREPROCESSING[mode]
    if image_size != input_size:
        shrinks = image_size > input_size  # only shrinking aliases, and smoothing takes time
        # Pillow resizes rows, then columns, and rounds to whole pixels after each.
        for size in ((image_size, input_size), (input_size, input_size))[0 if way.whole else 1 :]:
            x = ops.image.resize(x, size, interpolation=way.interpolation, antialias=shrinks)
            if way.whole:
                x = ops.clip(ops.round(x), 0, 255)
    return preprocess(x, mode)


@contextmanager
def building(precision: str) -> Iterator[None]:
    """Layers that this thread builds inside have this precision."""
    import keras

    previous = keras.config.dtype_policy()  # of this thread
    keras.config.set_dtype_policy({"float32": "float32", "bfloat16": "mixed_bfloat16"}[precision])
    try:
        yield
    finally:
        keras.config.set_dtype_policy(previous)


@dataclass
class Forward:
    """A compiled function (b, s, s, 3) uint8 -> (b, dim) float32 on the device, and its best batch size."""

    function: Callable[[np.ndarray], Any]
    dim: int
    parts: dict[str, tuple[int, int]] = field(default_factory=dict)  # name -> first column and the one after the last
    pads: bool = False  # whether a smaller last batch is padded, because a new size would be compiled anew
    batch_size: int | None = None  # None until several sizes have been tried
    rate: float | None = None  # images per second of the current stream, without compiling and trying sizes

    def stream(self, images: np.ndarray, rows: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield (rows (b,), features (b, dim) float32) for these rows of the images (n, s, s, 3), in order.

        The first batches try several sizes; a batch that does not fit into memory is halved.
        """
        trial = _Trial(_smallest_batch()) if self.batch_size is None else None
        in_flight: deque = deque()  # (rows, features) that the device is computing
        finished = submitted = 0
        clock, counted = perf_counter(), 0
        while finished < len(rows):
            size = trial.size if trial else self.batch_size or _smallest_batch()
            started = perf_counter()
            try:
                while submitted < len(rows) and len(in_flight) < (1 if trial else AHEAD):
                    batch = rows[submitted : submitted + size]
                    pixels = images[np.resize(batch, size) if self.pads else batch]
                    in_flight.append((batch, self.function(pixels)))
                    submitted += len(batch)
                batch, features = in_flight[0]
                features = np.asarray(features)[: len(batch)]
            except Exception as error:
                if not is_out_of_memory(error):
                    raise
                if size == 1:
                    raise BackboneError(
                        "One image at a time does not fit into memory", remedy="Choose a smaller input size or backbone"
                    ) from error
                self.batch_size, trial, clock, counted = max(1, size // 2), None, perf_counter(), 0
                log.warning("A batch of %d images does not fit into memory: trying %d", size, self.batch_size)
                in_flight.clear()
                submitted = finished
                continue
            in_flight.popleft()
            finished += len(batch)
            now = perf_counter()
            if trial is None:
                counted += len(batch)
                self.rate = counted / (now - clock)
            elif len(batch) == size and trial.observe(now - started):
                self.batch_size, trial, clock = trial.best_size, None, now
                log.info("Batches of %d images", self.batch_size)
            yield batch, features


@dataclass
class _Trial:
    """Tries increasing batch sizes, each once to warm up and once to time it."""

    size: int
    rates: dict[int, float] = field(default_factory=dict)  # images per second by size
    warm: bool = False

    def observe(self, seconds: float) -> bool:
        """Take the seconds of one batch of `size`; True once the best size is known."""
        larger = 4 * self.size
        # The first batch of a size also compiles or allocates: it is not timed.
        if not self.warm:
            self.warm = True
            return False
        self.rates[self.size] = self.size / seconds
        if larger > LARGEST_BATCH or 4 * seconds > STEP_SECONDS:
            return True
        self.size, self.warm = larger, False
        return False

    @property
    def best_size(self) -> int:
        return max(self.rates, key=self.rates.__getitem__)


@lru_cache(maxsize=2)  # the next split, or dataset of the same image size, needs no compilation
def _build(encoder: Encoder, weights: Weights, image_size: int) -> Forward:
    return compile(
        _load(encoder, weights), image_size=image_size, input_size=encoder.input_size, mode=encoder.preprocessing
    )


def _load(encoder: Encoder, weights: Weights, seed: int = backbones.UNTRAINED_SEED) -> Any:
    size, pooling = encoder.input_size, encoder.pooling
    with building(encoder.precision):
        return backbones.load(encoder.backbone, input_size=size, weights=weights, pooling=pooling, seed=seed)


def _smallest_batch() -> int:
    return 64 if hardware.describe()["gpu"] else 1


def _compile_tensorflow(model: Any) -> Callable[[np.ndarray], Any]:
    import tensorflow as tf

    # No XLA: on a CPU it is thirty times slower for depthwise networks. One trace serves every batch size.
    signature = tf.TensorSpec((None, *model.input_shape[1:]), tf.uint8)
    function = tf.function(lambda x: model(x, training=False), input_signature=[signature], autograph=False)
    return function.get_concrete_function()


def _compile_jax(model: Any) -> Callable[[np.ndarray], Any]:
    import jax  # pyright: ignore[reportMissingImports]: only where it is the backend

    trainable = [variable.value for variable in model.trainable_variables]
    constant = [variable.value for variable in model.non_trainable_variables]
    return jax.jit(lambda x: model.stateless_call(trainable, constant, x, training=False)[0])


def is_out_of_memory(error: Exception) -> bool:
    """TensorFlow's ResourceExhaustedError, JAX's XlaRuntimeError and NumPy's MemoryError, without importing them."""
    return (
        isinstance(error, MemoryError)
        or "ResourceExhausted" in type(error).__name__
        or "RESOURCE_EXHAUSTED" in str(error)
    )
