"""CLIP at work: images and texts in one space, where a caption lies near its picture.

    embed_texts(name, texts) (n, d)      image_features(name, dataset, rows) (n, d)      logit_scale(name)

Both come unnormalised. `classifier` scores by them; this is the worker's side, only `here` and `most_tokens` are light.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from PIL import Image

from core import backbones, features, settings
from core.backbones import Weights
from core.backbones.clip import tensors, towers
from core.data.datasets import Dataset
from core.errors import BackboneError, ConfigError, closest
from core.features import Encoder, Features, compiled
from core.progress import Report, silent
from core.zero_shot import tokenizer

NAMES: tuple[str, ...] = tuple(backbones.clip_names())
TOY = "TinyCLIP"
TOY_SENTENCE = (
    "TinyCLIP is a toy: it learned ten words on the very sample of CIFAR-10 that is shipped with it, so its result "
    "there is no real zero-shot."
)
BATCH_TOKENS = 4096  # in one pass of the text tower
KEPT_TEXTS = 100_000

_EMBEDDED: OrderedDict[tuple[str, str, str], np.ndarray] = OrderedDict()  # (model, weights, text) -> (d,)
_LOCK = threading.Lock()


def here() -> list[str]:
    """The models whose weights are on this machine; nothing is downloaded or imported for it."""
    return [name for name in NAMES if backbones.published_here(name)]


def most_tokens(name: str) -> int:
    """How many tokens a text may take, start and end among them; what is beyond is cut off."""
    return towers.SHAPES[_facts(name).name].context


def tokens(name: str, texts: Sequence[str], weights: str | Weights = "published") -> list[int]:
    """How many tokens each text takes, start and end among them, before any is cut off."""
    return _tokenizer(_found(name, weights)).counts(texts)


def embed_texts(name: str, texts: Sequence[str], weights: str | Weights = "published") -> np.ndarray:
    """Embeddings (n, d) float32 of these texts, not normalised.

    Each is kept, so that a change of one word costs a pass of the few texts it occurs in.

    Raises:
        BackboneError: There is no such CLIP, or its weights are not here.
        ConfigError: A text is empty.
    """
    if any(not text.strip() for text in texts):
        raise ConfigError("A text is empty", "at least a word", "Write something, or remove it")
    found = _found(name, weights)
    with _LOCK:  # one text tower at a time; the next caller finds most of what it wants
        new = [text for text in dict.fromkeys(texts) if (name, found.digest, text) not in _EMBEDDED]
        if new:
            for text, value in zip(new, _embed(name, found, new), strict=True):
                _EMBEDDED[name, found.digest, text] = value
        values = []
        for text in texts:
            _EMBEDDED.move_to_end((name, found.digest, text))
            values.append(_EMBEDDED[name, found.digest, text])
        while len(_EMBEDDED) > KEPT_TEXTS:
            _EMBEDDED.popitem(last=False)
    return np.stack(values) if values else np.empty((0, towers.SHAPES[name].dim), np.float32)


def forget_texts() -> None:
    """Lets go of every embedding that is kept: for measuring."""
    with _LOCK:
        _EMBEDDED.clear()


def logit_scale(name: str, weights: str | Weights = "published") -> float:
    """By what cosine similarities are multiplied before the softmax; untrained models have OpenAI's first value."""
    found = _found(name, weights)
    return _scale(name, found)


def image_features(name: str, dataset: Dataset, rows: np.ndarray, report: Report = silent) -> Features:
    """Embeddings (n, d) of these rows of a dataset, not normalised, from the cache where they are there."""
    facts = _facts(name)
    return features.extract(dataset, rows, Encoder(facts.name, pooling="projected"), report=report)


def embed_photo(name: str, photo: np.ndarray, weights: str = "published") -> np.ndarray:
    """Embedding (d,) float32 of one photo (h, w, 3) uint8, resized and cut as OpenAI does it; not normalised."""
    facts = _facts(name)
    network = compiled.build(Encoder(facts.name, weights, pooling="projected"), image_size=facts.default_size)
    return np.asarray(network.function(square(photo, facts.default_size)[None]))[0].astype(np.float32)


def square(photo: np.ndarray, size: int) -> np.ndarray:
    """The photo (h, w, 3) uint8 with its shorter side `size` pixels, bicubic, then its central square."""
    height, width = photo.shape[:2]
    shorter = min(height, width)
    resized = Image.fromarray(photo).resize(
        (max(size, width * size // shorter), max(size, height * size // shorter)), Image.Resampling.BICUBIC
    )
    left, top = round((resized.width - size) / 2), round((resized.height - size) / 2)
    return np.asarray(resized.crop((left, top, left + size, top + size)))


def _facts(name: str) -> backbones.Backbone:
    if name not in NAMES:
        raise BackboneError(f"There is no CLIP {name!r}", f"one of {', '.join(NAMES)}", closest(name, NAMES))
    return backbones.get(name)


def _found(name: str, weights: str | Weights) -> Weights:
    return weights if isinstance(weights, Weights) else backbones.find_weights(_facts(name), weights)


def _tokenizer(found: Weights) -> tokenizer.Tokenizer:
    # Untrained networks, which serve for timing, read the toy's vocabulary: it is the one that is always there.
    return tokenizer.of(found.path or settings.ASSETS / backbones.get(TOY).weights_file)


@lru_cache(maxsize=8)
def _scale(name: str, found: Weights) -> float:
    return tensors.logit_scale(found.path, _facts(name)) if found.path else 1 / 0.07


def _embed(name: str, found: Weights, texts: list[str]) -> np.ndarray:
    """(n, d) float32: texts of about one length go through the tower together."""
    encode, run = _tokenizer(found), _text_tower(name, found)
    lengths = np.array(encode.counts(texts))
    order, most = np.argsort(lengths, kind="stable"), most_tokens(name)
    values = np.empty((len(texts), towers.SHAPES[name].dim), np.float32)
    start = 0
    while start < len(order):
        end = start + 1
        while end < len(order) and (end + 1 - start) * min(lengths[order[end]], most) <= BATCH_TOKENS:
            end += 1
        chosen = order[start:end]
        values[chosen] = np.asarray(run(encode.encode([texts[index] for index in chosen], most)))
        start = end
    return values


@lru_cache(maxsize=2)
def _text_tower(name: str, found: Weights) -> Callable[[np.ndarray], Any]:
    """Tokens (b, t) int32 -> (b, d) on the device."""
    import keras

    facts = _facts(name)
    with compiled.building("float32"):
        if found.path is None:
            keras.utils.set_random_seed(backbones.UNTRAINED_SEED)
        network = towers.text(facts)
        if found.path is not None:
            tensors.read(found.path, network, facts, "text")
    if keras.backend.backend() != "tensorflow":
        return network
    import tensorflow as tf

    signature = tf.TensorSpec((None, None), tf.int32)
    function = tf.function(lambda ids: network(ids, training=False), input_signature=[signature], autograph=False)
    return function.get_concrete_function()
