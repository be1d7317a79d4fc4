"""One compiled function from uint8 images to pooled features, and the search for its batch size."""

import logging
import math
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache, partial
from time import perf_counter
from typing import Any

import numpy as np

from core import backbones, hardware, keras_defaults
from core.backbones import Weights
from core.data.images import PREPROCESSING, preprocess
from core.errors import BackboneError, ConfigError
from core.features import inference
from core.features.encoder import Encoder
from core.features.inference import Parts

LARGEST_BATCH = 1024
STEP_SECONDS = 1.0  # the longest a batch may take, so that progress shows and a stop takes effect
BATCH_MACS = {"gpu": 5e12, "cpu": 5e9}  # where sizes are not tried; 5e12 take 0.05 s on an H100, 1 s on a small card
BATCH_MEMORY = 0.5  # of the device's, for activations
LAYERS_KEPT = 8  # as many of the largest are in memory at once: batches in flight, a convolution's own memory
KEPT = 4  # networks in memory, so that as many probes can be compared; the largest takes 1.4 GB
AHEAD = 2  # batches in flight: the device computes one while this process stores the last and reads the next
EXAMPLES, BLOCKS = 4, 8  # images on which a converted network is compared; blocks of colour along each side

log = logging.getLogger(__name__)

_EXACT, _exact = threading.Lock(), 0  # how many are inside `computing("float32")` on a TensorFlow GPU


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
    make: Callable[[], tuple[Any, Parts]],
    *,
    image_size: int,
    input_size: int,
    mode: str,
    precision: str,
    identity: dict[str, Any],
) -> "Forward":
    """Resizing, preprocessing and a network, (b, s, s, 3) -> (b, dim), in one function.

    Args:
        make: Builds the network, and says the columns of each output if it concatenates several. It is called only
            if the network was not converted before (see `inference`).
        mode: One of `images.PREPROCESSING`.
        identity: Plain values that, with the sizes and the mode, decide about the output for an image.
    """

    def original() -> inference.Original:
        return on_tensorflow(*make(), image_size=image_size, input_size=input_size, mode=mode)

    if keras_defaults.backend() == "tensorflow":
        identity = identity | {"image_size": image_size, "input_size": input_size, "preprocessing": mode}
        network = inference.fastest(identity, original, precision)
        return Forward(_within(precision, network.function), network.dim, network.parts)
    built, parts = make()
    model, size = _whole(built, image_size, input_size, mode), batch_size(built)
    function = _within(precision, _compile_jax(model))
    return Forward(function, model.output_shape[-1], parts, pads=True, batch_size=size)


def batch_size(network: Any) -> int:
    """Images of a batch by arithmetic and memory: trying sizes would compile the network for each."""
    macs = values = 1.0
    for layer in network.layers:
        *positions, channels = layer.output.shape[1:]
        values = max(values, math.prod(positions) * channels)
        macs += math.prod(positions) * sum(math.prod(each.shape) for each in layer.weights if len(each.shape) > 1)
    by_arithmetic = BATCH_MACS["gpu" if hardware.describe()["gpu"] else "cpu"] / macs
    by_memory = BATCH_MEMORY * hardware.device_memory() / (4 * values * LAYERS_KEPT)
    return 2 ** int(math.log2(min(max(by_arithmetic, 1), max(by_memory, 1), LARGEST_BATCH)))


def on_tensorflow(network: Any, parts: Parts, *, image_size: int, input_size: int, mode: str) -> inference.Original:
    """Resizing, preprocessing and a network on TensorFlow, with what converting it to OpenVINO needs.

    Both call the network as it was traced once, for every batch size.
    """
    import tensorflow as tf

    # No XLA: on a CPU it is thirty times slower for depthwise networks.
    function = partial(tf.function, autograph=False)
    prepared = tf.TensorSpec((None, input_size, input_size, 3), tf.float32)
    traced = function(inference.with_constants(network), input_signature=[prepared]).get_concrete_function()

    def whole(resize: Callable[..., Any] | None) -> Any:
        def run(pixels: Any) -> Any:
            return tf.cast(traced(prepare(pixels, input_size, mode, resize)), tf.float32)

        return function(run, input_signature=[tf.TensorSpec((None, image_size, image_size, 3), tf.uint8)])

    return inference.Original(
        inference.Network(whole(None).get_concrete_function(), network.output_shape[-1], parts),
        whole(resize_by_matrices),
        _examples(image_size),
        network,
    )


def prepare(pixels: Any, input_size: int, mode: str, resize: Callable[..., Any] | None = None) -> Any:
    """Resize and preprocess uint8 images (b, s, s, 3), arrays or symbolic, for a network of this mode.

    Args:
        resize: Called as `keras.ops.image.resize`, which it replaces.
    """
    from keras import ops

    resize = resize or ops.image.resize
    if mode not in PREPROCESSING:
        raise ConfigError(f"Unknown preprocessing {mode!r}", "one of " + ", ".join(PREPROCESSING))
    x, image_size, way = ops.cast(pixels, "float32"), pixels.shape[1], PREPROCESSING[mode]
    if image_size != input_size:
        shrinks = image_size > input_size  # only shrinking aliases, and smoothing takes time
        # Pillow resizes rows, then columns, and rounds to whole pixels after each.
        for size in ((image_size, input_size), (input_size, input_size))[0 if way.whole else 1 :]:
            x = resize(x, size, interpolation=way.interpolation, antialias=shrinks)
            if way.whole:
                x = ops.clip(ops.round(x), 0, 255)
    return preprocess(x, mode)


def resize_by_matrices(images: Any, size: tuple[int, int], *, interpolation: str, antialias: bool) -> Any:
    """`keras.ops.image.resize` of (b, h, w, c) as two products, for runtimes that cannot smooth or resize bicubically.

    Needs TensorFlow as Keras's backend.
    """
    from keras import ops

    height, width, channels = images.shape[1:]
    rows, columns = (
        _line_weights(before, after, interpolation, antialias)
        for before, after in zip((height, width), size, strict=True)
    )
    x = ops.matmul(rows, ops.reshape(images, (-1, height, width * channels)))
    x = ops.matmul(columns, ops.reshape(x, (-1, width, channels)))  # each line is an image of its own
    return ops.reshape(x, (-1, *size, channels))


@contextmanager
def building(precision: str) -> Iterator[None]:
    """Layers that this thread builds inside have this precision."""
    import keras

    previous = keras.config.dtype_policy()  # of this thread
    policies = {"float32": "float32", "tf32": "float32", "bfloat16": "mixed_bfloat16"}
    keras.config.set_dtype_policy(policies[precision])
    try:
        yield
    finally:
        keras.config.set_dtype_policy(previous)


@contextmanager
def computing(precision: str) -> Iterator[None]:
    """Products computed inside are exact if the precision is float32; otherwise a GPU may round to TF32.

    With TensorFlow this holds for all threads of the process while one of them is inside.
    """
    if precision != "float32":
        yield  # the default of both backends
    elif keras_defaults.backend() == "jax":
        import jax

        with jax.default_matmul_precision("highest"):
            yield
    elif hardware.describe()["gpu"]:
        _count_exact(1)
        try:
            yield
        finally:
            _count_exact(-1)
    else:
        yield


@dataclass
class Forward:
    """A compiled function (b, s, s, 3) uint8 -> (b, dim) float32 on the device, and its best batch size."""

    function: Callable[[np.ndarray], Any]
    dim: int
    parts: Parts = field(default_factory=dict)
    pads: bool = False  # whether a smaller last batch is padded, because a new size would be compiled anew
    batch_size: int | None = None  # None until several sizes have been tried
    trial: "_Trial | None" = None  # of these, where one stream was too short to try them all
    fresh: bool = True  # nothing has been computed yet: the first batch takes longer, and compiles where it `pads`
    rate: float | None = None  # images per second of the current stream, without compiling and trying sizes
    images: int = 0  # that it has computed

    def stream(self, images: np.ndarray, rows: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield (rows (b,), features (b, dim) float32) for these rows of the images (n, s, s, 3), in order.

        The first batches try several sizes; a batch that does not fit into memory is halved.
        """
        trial = self.trial
        if self.batch_size is None and trial is None:
            trial = self.trial = _Trial(_smallest_batch())
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
                self.trial = None
                log.warning("A batch of %d images does not fit into memory: trying %d", size, self.batch_size)
                in_flight.clear()
                submitted = finished
                continue
            in_flight.popleft()
            finished += len(batch)
            self.images += len(batch)
            now = perf_counter()
            if self.fresh and trial is None:
                clock = now
            elif trial is None:
                counted += len(batch)
                self.rate = counted / (now - clock)
            elif len(batch) == size and trial.observe(now - started):
                self.batch_size, trial, self.trial, clock = trial.best_size, None, None, now
                log.info("Batches of %d images", self.batch_size)
            self.fresh = False
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
        fastest = max(self.rates.values(), default=0.0)
        rate = self.rates[self.size] = self.size / seconds
        # Memory for larger batches takes long to get: no further than speed rises.
        if larger > LARGEST_BATCH or 4 * seconds > STEP_SECONDS or rate < fastest:
            return True
        self.size, self.warm = larger, False
        return False

    @property
    def best_size(self) -> int:
        return max(self.rates, key=self.rates.__getitem__)


@lru_cache(maxsize=KEPT)  # the next split, or dataset of the same image size, needs no compilation
def _build(encoder: Encoder, weights: Weights, image_size: int) -> Forward:
    return compile(
        lambda: (_load(encoder, weights), {}),
        image_size=image_size,
        input_size=encoder.input_size,
        mode=encoder.preprocessing,
        precision=encoder.precision,
        identity={"backbone": encoder.backbone, "weights": weights.digest, "output": encoder.pooling},
    )


def _load(encoder: Encoder, weights: Weights, seed: int = backbones.UNTRAINED_SEED) -> Any:
    size, pooling = encoder.input_size, encoder.pooling
    with building(encoder.precision):
        return backbones.load(encoder.backbone, input_size=size, weights=weights, pooling=pooling, seed=seed)


def _within(precision: str, function: Callable[[np.ndarray], Any]) -> Callable[[np.ndarray], Any]:
    def compute(pixels: np.ndarray) -> Any:
        with computing(precision):
            return function(pixels)

    return compute


def _count_exact(change: int) -> None:
    """Count those that need exact products; TensorFlow may round to TF32 when there are none."""
    global _exact
    import tensorflow as tf

    with _EXACT:
        _exact += change
        tf.config.experimental.enable_tensor_float_32_execution(not _exact)


def _smallest_batch() -> int:
    return 64 if hardware.describe()["gpu"] else 1


def _whole(network: Any, image_size: int, input_size: int, mode: str) -> Any:
    """The `keras.Model` from uint8 images of this size to float32 outputs."""
    import keras

    pixels = keras.Input((image_size, image_size, 3), dtype="uint8")
    return keras.Model(pixels, keras.ops.cast(network(prepare(pixels, input_size, mode)), "float32"))


def _examples(image_size: int) -> np.ndarray:
    """Images of coloured blocks (b, s, s, 3) uint8: they have edges and plain areas, as photos do."""
    blocks = np.random.default_rng(0).integers(0, 256, (EXAMPLES, BLOCKS, BLOCKS, 3), np.uint8)
    places = np.arange(image_size) * BLOCKS // image_size
    return blocks[:, places][:, :, places]


@lru_cache(maxsize=8)
def _line_weights(before: int, after: int, interpolation: str, antialias: bool) -> np.ndarray:
    """(after, before): the weight of each pixel of a line in each pixel of the resized line."""
    import keras
    import tensorflow as tf

    with tf.init_scope():  # computed at once, also while a function is traced
        lines = np.eye(before, dtype=np.float32)[None, :, :, None]
        resized = keras.ops.image.resize(lines, (after, before), interpolation=interpolation, antialias=antialias)
        return np.asarray(resized)[0, :, :, 0]


def _compile_jax(model: Any) -> Callable[[np.ndarray], Any]:
    """Weights are arguments: as constants, they would be compiled and kept with the function."""
    import jax

    @jax.jit
    def run(trainable: list, constant: list, pixels: Any) -> Any:
        return model.stateless_call(trainable, constant, pixels, training=False)[0]

    groups = (model.trainable_variables, model.non_trainable_variables)
    return partial(run, *([variable.value for variable in group] for group in groups))


def is_out_of_memory(error: Exception) -> bool:
    """TensorFlow's ResourceExhaustedError, JAX's XlaRuntimeError and NumPy's MemoryError, without importing them."""
    return (
        isinstance(error, MemoryError)
        or "ResourceExhausted" in type(error).__name__
        or "RESOURCE_EXHAUSTED" in str(error)
    )
