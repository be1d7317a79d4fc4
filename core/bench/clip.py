"""How long a zero-shot classification takes, from prompts to accuracy on cached features, and a few-shot curve."""

from statistics import median
from time import perf_counter

import numpy as np

from core import metrics
from core.embeddings import Source
from core.evaluation import few_shot
from core.zero_shot import classifier, encoder, prompts

ROUNDS = 5
SIZES = 10  # of a curve: 1, 2, 4, ... 512 labelled images per class


def clip_answer(*, images: int = 10_000, backbone: str = "CLIPViTB32", weights: str = "untrained") -> dict:
    """10 classes x the 18 templates of CIFAR on random features, from texts to accuracy.

    Untrained weights take as long as trained ones. The text cache is cleared before each round; changing one class name
    costs the 18 texts that contain it.
    """
    names = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
    templates = prompts.of_set("cifar18")
    text, rng = encoder.TextEncoder(backbone, weights), np.random.default_rng(0)
    features = rng.normal(size=(images, text.shape.dim)).astype(np.float32)
    labels = rng.integers(0, len(names), images)

    def answer(names: tuple[str, ...]) -> tuple[float, float]:
        started = perf_counter()
        texts = text.embed(prompts.fill(templates, names))
        embedded = perf_counter()
        cosines = classifier.cosines(features, classifier.head(texts.reshape(len(names), len(templates), -1)))
        metrics.accuracy(labels, cosines.argmax(1))
        return embedded - started, perf_counter() - embedded

    answer(names)  # builds and compiles the tower
    rounds = {"all_texts": [], "one_word": [], "none": []}
    for number in range(ROUNDS):
        encoder.forget_texts()
        rounds["all_texts"].append(answer(names))
        rounds["one_word"].append(answer((f"{names[0]} {number}", *names[1:])))
        rounds["none"].append(answer(names))
    texts = prompts.fill(templates, names)
    result = {"backbone": backbone, "weights": weights, "images": images, "texts": len(texts)}
    result["tokens"] = sum(text.tokens(texts))  # untrained: with the toy's vocabulary
    for name, seconds in rounds.items():
        result[f"{name}_text_seconds"] = median(text for text, _ in seconds)
        result[f"{name}_score_seconds"] = median(score for _, score in seconds)
    return result


def few_shot_sweep(
    *, dataset: str = "cifar10", backbone: str = "ToyCLIP", weights: str = "imagenet", input_size: int = 0
) -> dict:
    """The first ten sizes of a few-shot curve with five draws each, tested on all test images, from cached features.

    Missing features are extracted first and timed separately; `seconds` is for the heads and their predictions.
    """
    source = Source(dataset=dataset, images="test", backbone=backbone, weights=weights, input_size=input_size)
    began = perf_counter()
    few_shot.read(source)
    extracted = perf_counter() - began
    began = perf_counter()
    task = few_shot.read(source)
    read = perf_counter() - began
    sizes = few_shot.shots(np.bincount(task.y, minlength=task.classes))[:SIZES]
    after, accuracies = [], []
    began = perf_counter()
    for size in sizes:
        accuracies.append(few_shot.point(task, size).mean)
        after.append(perf_counter() - began)
    return {
        "backbone": backbone,
        "features": task.x.shape[1],
        "test_images": len(task.y_test),
        "draws": few_shot.SEEDS,
        "images_a_class": sizes,
        "accuracies": accuracies,
        "seconds_first_read": extracted,
        "seconds_read": read,
        "seconds_after_each": after,
        "seconds": after[-1],  # aim at 30
    }
