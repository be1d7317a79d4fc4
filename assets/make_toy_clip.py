"""Train the shipped toy CLIP: python assets/make_toy_clip.py

Two small towers learn to match the training images of the CIFAR-10 sample with captions that name their class, with
the loss of the paper (arXiv:2103.00020, figure 3). The model sees only the training split and only these ten classes,
so its accuracy on them says nothing about CLIP. On the same machine, the script always writes the same file. It takes
some minutes, then prints the accuracy on each split.
"""

import json
import sys
from collections import Counter
from itertools import pairwise
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from core.backbones.catalog import BACKBONES  # noqa: E402
from core.backbones.clip import tensors, towers  # noqa: E402
from core.data import datasets, images  # noqa: E402
from core.features import compiled  # noqa: E402
from core.zero_shot import encoder, tokenizer  # noqa: E402

SEED = 2021
EPOCHS, BATCH = 60, 100
RATE, DECAY = 2e-3, 0.1
MERGES = 254  # with 2 x 256 bytes, start and end: a vocabulary of 768
TEMPLATES = (
    "a photo of a {}.",
    "a blurry photo of a {}.",
    "a low contrast photo of a {}.",
    "a bad photo of the {}.",
    "a small photo of a {}.",
    "a photo of the big {}.",
    "a picture of one {}.",
    "{}",
)
FACTS, SHAPE = BACKBONES["ToyCLIP"], towers.SHAPES["ToyCLIP"]
FOLDER = Path(__file__).parent / FACTS.weights_file


def learn_byte_pairs(captions: list[str]) -> tuple[dict[str, int], list[tuple[str, str]]]:
    """The vocabulary and the byte-pair merges, learned from the words of the captions."""
    from tokenizers import pre_tokenizers

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    counts = Counter(word.strip(".") for caption in captions for word in caption.lower().split())
    split = {word: [*word[:-1], f"{word[-1]}</w>"] for word in counts if word}
    merges: list[tuple[str, str]] = []
    while len(merges) < MERGES:
        pairs: Counter = Counter()
        for word, parts in split.items():
            for pair in pairwise(parts):
                pairs[pair] += counts[word]
        if not pairs:
            break
        best = max(pairs, key=lambda pair: (pairs[pair], pair))
        merges.append(best)
        split = {word: _merged(parts, best) for word, parts in split.items()}
    vocabulary = [*alphabet, *(f"{letter}</w>" for letter in alphabet), *("".join(pair) for pair in merges)]
    vocabulary = list(dict.fromkeys(vocabulary))
    filled = [*vocabulary, *(f"<|unused{index}|>" for index in range(SHAPE.vocabulary - 2 - len(vocabulary)))]
    return {word: index for index, word in enumerate([*filled, tokenizer.START, tokenizer.END])}, merges


def _merged(parts: list[str], pair: tuple[str, str]) -> list[str]:
    merged: list[str] = []
    for part in parts:
        if merged and (merged[-1], part) == pair:
            merged[-1] += part
        else:
            merged.append(part)
    return merged


def describe() -> dict:
    """The model's `CLIPConfig` of the transformers library."""

    def tower(part: towers.Tower) -> dict:
        return {
            "hidden_size": part.width,
            "intermediate_size": part.hidden,
            "num_hidden_layers": part.depth,
            "num_attention_heads": part.heads,
            "hidden_act": SHAPE.activation,
            "projection_dim": SHAPE.dim,
        }

    return {
        "architectures": ["CLIPModel"],
        "model_type": "clip",
        "projection_dim": SHAPE.dim,
        "vision_config": tower(SHAPE.image) | {"image_size": FACTS.default_size, "patch_size": SHAPE.patch},
        "text_config": tower(SHAPE.text)
        | {
            "vocab_size": SHAPE.vocabulary,
            "max_position_embeddings": SHAPE.context,
            "bos_token_id": SHAPE.vocabulary - 2,
            "eos_token_id": SHAPE.vocabulary - 1,
        },
    }


def train(photos: np.ndarray, labels: np.ndarray, names: list[str], tokenizer: tokenizer.Tokenizer):
    """Image tower, text tower and the logarithm of the scale, after `EPOCHS` epochs."""
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(SEED)
    image = towers.pooled(towers.image(FACTS), FACTS, "projected")
    towers.number_positions(image)
    text = towers.text(FACTS)
    scale = keras.Variable(np.log(1 / 0.07), dtype="float32", name="logit_scale")
    captions = [template.format(name) for name in names for template in TEMPLATES]
    tokens = tokenizer.encode(captions, SHAPE.context)
    tokens = tokens.reshape(len(names), len(TEMPLATES), -1)
    steps = EPOCHS * (len(photos) // BATCH)
    rate: Any = keras.optimizers.schedules.CosineDecay(0.0, steps, warmup_target=RATE, warmup_steps=steps // 20)
    optimizer = keras.optimizers.AdamW(rate, weight_decay=DECAY, global_clipnorm=1.0)
    variables = [*image.trainable_variables, *text.trainable_variables, scale]
    optimizer.build(variables)

    @tf.function(autograph=False)
    def step(pixels, ids, classes):
        with tf.GradientTape() as tape:
            a = tf.math.l2_normalize(image(compiled.prepare(pixels, FACTS.default_size, "clip"), training=True), -1)
            b = tf.math.l2_normalize(text(ids, training=True), -1)
            logits = tf.exp(scale.value) * tf.matmul(a, b, transpose_b=True)  # (b, b)
            # A batch has several images of each class, and every caption of their class is a correct match.
            right = tf.cast(classes[:, None] == classes[None], tf.float32)
            right /= tf.reduce_sum(right, -1, keepdims=True)
            loss = (
                tf.reduce_mean(
                    tf.nn.softmax_cross_entropy_with_logits(right, logits)
                    + tf.nn.softmax_cross_entropy_with_logits(right, tf.transpose(logits))
                )
                / 2
            )
        optimizer.apply(tape.gradient(loss, variables), variables)
        scale.assign(tf.minimum(scale, np.log(100.0)))
        return loss

    rng, started = np.random.default_rng(SEED), perf_counter()
    for epoch in range(EPOCHS):
        losses = []
        for batch in rng.permutation(len(photos))[: len(photos) // BATCH * BATCH].reshape(-1, BATCH):
            which = rng.integers(len(TEMPLATES), size=BATCH)
            pixels = images.augment(photos[batch], ("flip", "crop", "colour"), rng)
            losses.append(float(step(pixels, tokens[labels[batch], which], labels[batch])))
        if (epoch + 1) % 10 == 0:
            print(f"epoch {epoch + 1}: loss {np.mean(losses):.3f}, {perf_counter() - started:.0f} s", flush=True)
    return image, text, float(np.asarray(scale.value))


def write(image, text, scale: float) -> None:
    """Write the tensors as float16, under their names in transformers."""
    from safetensors.numpy import save_file

    arrays = {}
    for network, tower in ((image, "image"), (text, "text")):
        arrays |= tensors.stored(network, FACTS, tower)
    arrays["logit_scale"] = np.array(scale)
    save_file(
        {name: np.asarray(value, np.float16, order="C") for name, value in arrays.items()},
        FOLDER / "model.safetensors",
        metadata={"format": "pt"},
    )


def accuracy(dataset: datasets.Dataset, rows: np.ndarray) -> float:
    """Percent of these rows for which the nearest caption "a photo of a ..." names their class."""
    text = encoder.TextEncoder("ToyCLIP", str(FOLDER))
    texts = text.embed([f"a photo of a {name}." for name in dataset.class_names])
    features = encoder.image_features("ToyCLIP", dataset, rows).values
    texts = texts / np.linalg.norm(texts, axis=1, keepdims=True)
    return 100 * float(((features @ texts.T).argmax(1) == dataset.labels[rows]).mean())


def main() -> None:
    dataset = datasets.load("cifar10-sample")
    splits = datasets.splits(dataset)
    names = list(dataset.class_names)
    FOLDER.mkdir(exist_ok=True)
    vocabulary, merges = learn_byte_pairs([template.format(name) for name in names for template in TEMPLATES])
    (FOLDER / "vocab.json").write_text(json.dumps(vocabulary, ensure_ascii=False), encoding="utf-8")
    lines = ["#version: 0.2", *(" ".join(pair) for pair in merges)]
    (FOLDER / "merges.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (FOLDER / "config.json").write_text(json.dumps(describe(), indent=2) + "\n", encoding="utf-8")
    rows = splits["train"]
    write(*train(dataset.images[rows], dataset.labels[rows].astype(np.int64), names, tokenizer.Tokenizer(FOLDER)))
    for split in ("train", "val", "test"):
        print(f"{split}: {accuracy(dataset, splits[split]):.1f} % of {len(splits[split]):,} images")


if __name__ == "__main__":
    main()
