"""Embeddings of a CLIP or a SigLIP: images and texts in one space, where a caption is near its image.

    TextEncoder(name).embed(texts) (n, d)      image_features(name, dataset, rows) (n, d)

Neither is normalised; `classifier` computes scores from them. Only `here` runs without Keras.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from PIL import Image

from core import backbones, features, keras_defaults
from core.backbones import Weights
from core.data.datasets import Dataset
from core.errors import BackboneError, ConfigError, closest
from core.features import Encoder, Features, compiled, inference
from core.heads import Scaling
from core.progress import Report, silent
from core.zero_shot import tokenizer

NAMES: tuple[str, ...] = tuple(backbones.text_names())
TOY = "ToyCLIP"
TOY_WARNING = (
    "ToyCLIP is a toy: it was trained on the shipped CIFAR-10 sample, so its accuracy there says nothing about CLIP."
)
BATCH_TOKENS = 4096  # in one batch of the text tower
KEPT_TEXTS = 100_000
EXAMPLES = ("a photo of a cat.", "a blurry photo of the large aquarium fish.", "dog")  # compared once converted

_EMBEDDED: OrderedDict[tuple[str, str, str], np.ndarray] = OrderedDict()  # (model, weights, text) -> (d,)
_LOCK = threading.Lock()


def here() -> list[str]:
    """The models whose weights are on this machine; downloads and imports nothing."""
    return [name for name in NAMES if backbones.published_here(name)]


class TextEncoder:
    """A text tower with its vocabulary: texts to embeddings in the space of its images.

    Raises:
        BackboneError: There is no such model with a text tower.
        WeightsError: Its weights are missing.
    """

    def __init__(self, name: str, weights: str | Weights = "published"):
        self.spec = _spec(name)
        self.weights = weights if isinstance(weights, Weights) else backbones.find_weights(self.spec, weights)
        self.shape = backbones.loader_of(self.spec).towers.SHAPES[self.spec.name]

    @property
    def scaling(self) -> Scaling:
        """How cosine similarities become probabilities; untrained models have the initial values of their papers."""
        return _scaling(self.spec, self.weights)

    def tokens(self, texts: Sequence[str]) -> list[int]:
        """How many tokens each text has, including start and end, before truncation."""
        return _tokenizer(self.spec, self.weights).counts(texts)

    def truncated(self, texts: Sequence[str]) -> tuple[str, ...]:
        """The texts that are too long and are truncated."""
        return tuple(text for text, count in zip(texts, self.tokens(texts), strict=True) if count > self.shape.context)

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        """Embeddings (n, d) float32 of these texts, not normalised.

        They are cached, so that changing one word re-encodes only the texts it occurs in.

        Raises:
            ConfigError: A text is empty.
        """
        if any(not text.strip() for text in texts):
            raise ConfigError("A text is empty", "at least one word", "Write something, or remove it")
        model = self.spec.name, self.weights.digest
        with _LOCK:  # one text tower at a time; the next caller finds most texts cached
            new = [text for text in dict.fromkeys(texts) if (*model, text) not in _EMBEDDED]
            if new:
                _EMBEDDED.update(zip([(*model, text) for text in new], self._encode(new), strict=True))
            values = []
            for text in texts:
                _EMBEDDED.move_to_end((*model, text))
                values.append(_EMBEDDED[*model, text])
            while len(_EMBEDDED) > KEPT_TEXTS:
                _EMBEDDED.popitem(last=False)
        return np.stack(values) if values else np.empty((0, self.shape.dim), np.float32)

    def _encode(self, texts: list[str]) -> np.ndarray:
        """(n, d) float32: texts of similar length are encoded together."""
        vocabulary, run = _tokenizer(self.spec, self.weights), _text_tower(self.spec, self.weights)
        lengths, most = np.array(vocabulary.counts(texts)), self.shape.context
        if vocabulary.padding is not None:
            lengths[:] = most
        order = np.argsort(lengths, kind="stable")
        values = np.empty((len(texts), self.shape.dim), np.float32)
        start = 0
        while start < len(order):
            end = start + 1
            while end < len(order) and (end + 1 - start) * min(lengths[order[end]], most) <= BATCH_TOKENS:
                end += 1
            chosen = order[start:end]
            values[chosen] = np.asarray(run(vocabulary.encode([texts[index] for index in chosen], most)))
            start = end
        return values


def forget_texts() -> None:
    """Empty the cache of text embeddings, for benchmarks."""
    with _LOCK:
        _EMBEDDED.clear()


def image_features(name: str, dataset: Dataset, rows: np.ndarray, report: Report = silent) -> Features:
    """Embeddings (n, d) of these rows of a dataset, not normalised, cached if possible."""
    spec = _spec(name)
    return features.extract(dataset, rows, Encoder(spec.name, pooling=spec.text_pooling), report=report)


def embed_photo(name: str, photo: np.ndarray, weights: str = "published") -> np.ndarray:
    """Embedding (d,) float32 of one photo (h, w, 3) uint8, not normalised."""
    spec = _spec(name)
    network = compiled.build(Encoder(spec.name, weights, pooling=spec.text_pooling), image_size=spec.default_size)
    return np.asarray(network.function(prepare(photo, spec)[None]))[0].astype(np.float32)


def prepare(photo: np.ndarray, spec: backbones.Backbone) -> np.ndarray:
    """The photo (h, w, 3) uint8 at the model's size, as published: a SigLIP sees all of it, stretched to a square."""
    size = spec.default_size
    if spec.loader == "siglip":  # bilinear in SigLIP 2: Transformers, models/siglip/convert_siglip_to_hf.py
        return np.asarray(Image.fromarray(photo).resize((size, size), Image.Resampling.BILINEAR))
    return square(photo, size)


def square(photo: np.ndarray, size: int) -> np.ndarray:
    """The photo (h, w, 3) uint8 with its shorter side `size` pixels, bicubic, then its central square, as for CLIP."""
    height, width = photo.shape[:2]
    shorter = min(height, width)
    resized = Image.fromarray(photo).resize(
        (max(size, width * size // shorter), max(size, height * size // shorter)), Image.Resampling.BICUBIC
    )
    left, top = round((resized.width - size) / 2), round((resized.height - size) / 2)
    return np.asarray(resized.crop((left, top, left + size, top + size)))


def _spec(name: str) -> backbones.Backbone:
    name = backbones.RENAMED.get(name, name)
    if name not in NAMES:
        received = f"There is no model {name!r} with a text tower"
        raise BackboneError(received, f"one of {', '.join(NAMES)}", closest(name, NAMES))
    return backbones.get(name)


def _tokenizer(spec: backbones.Backbone, weights: Weights) -> tokenizer.Tokenizer:
    if weights.path is None:
        return tokenizer.untrained(spec.loader)
    if spec.loader == "clip":
        return tokenizer.clip(weights.path)
    return tokenizer.gemma(weights.path, backbones.loader_of(spec).towers.SHAPES[spec.name].vocabulary)


@lru_cache(maxsize=8)
def _scaling(spec: backbones.Backbone, weights: Weights) -> Scaling:
    return Scaling(*backbones.loader_of(spec).logits(spec, weights.path))


@lru_cache(maxsize=2)
def _text_tower(spec: backbones.Backbone, weights: Weights) -> Callable[[np.ndarray], Any]:
    """Tokens (b, t) int32 -> (b, d), as an array or what `np.asarray` turns into one."""
    if keras_defaults.backend() != "tensorflow":
        return _text_network(spec, weights)
    identity = {"backbone": spec.name, "weights": weights.digest, "output": "text"}
    return inference.fastest(identity, lambda: _text_on_tensorflow(spec, weights)).function


def _text_network(spec: backbones.Backbone, weights: Weights) -> Any:
    with compiled.building("float32"):
        return backbones.load_text(spec, weights)


def _text_on_tensorflow(spec: backbones.Backbone, weights: Weights) -> inference.Original:
    import tensorflow as tf

    network = _text_network(spec, weights)
    signature = tf.TensorSpec(network.input_shape, tf.int32)
    function = tf.function(inference.with_constants(network), input_signature=[signature], autograph=False)
    examples = _tokenizer(spec, weights).encode(EXAMPLES, backbones.loader_of(spec).towers.SHAPES[spec.name].context)
    dim = network.output_shape[-1]
    return inference.Original(inference.Network(function.get_concrete_function(), dim), function, examples, network)
