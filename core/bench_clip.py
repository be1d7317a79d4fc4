"""How long a zero-shot answer takes: prompts to accuracy on cached features, text tower included."""

from statistics import median
from time import perf_counter

import numpy as np

from core import clip, clip_towers, metrics, prompts, zero_shot

ROUNDS = 5


def clip_answer(*, images: int = 10_000, backbone: str = "CLIPViTB32", weights: str = "untrained") -> dict:
    """10 classes x the 18 templates of CIFAR on random features of these many images, from texts to an accuracy.

    Untrained weights take as long as trained ones. Texts are forgotten before each round of all of them; an edit of
    one class name costs the 18 texts it occurs in.
    """
    names = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
    templates = prompts.of_set("cifar18")
    rng = np.random.default_rng(0)
    features = rng.normal(size=(images, clip_towers.SHAPES[backbone].dim)).astype(np.float32)
    labels = rng.integers(0, len(names), images)

    def answer(names: tuple[str, ...]) -> tuple[float, float]:
        started = perf_counter()
        texts = clip.embed_texts(backbone, prompts.fill(templates, names), weights)
        embedded = perf_counter()
        found = zero_shot.cosines(features, zero_shot.head(texts.reshape(len(names), len(templates), -1)))
        metrics.accuracy(labels, found.argmax(1))
        return embedded - started, perf_counter() - embedded

    answer(names)  # builds and compiles the tower
    rounds = {"all_texts": [], "one_word": [], "none": []}
    for number in range(ROUNDS):
        clip.forget_texts()
        rounds["all_texts"].append(answer(names))
        rounds["one_word"].append(answer((f"{names[0]} {number}", *names[1:])))
        rounds["none"].append(answer(names))
    texts = prompts.fill(templates, names)
    result = {"backbone": backbone, "weights": weights, "images": images, "texts": len(texts)}
    result["tokens"] = sum(clip.tokens(backbone, texts, weights))  # untrained: by the toy's vocabulary
    for name, seconds in rounds.items():
        result[f"{name}_text_seconds"] = median(text for text, _ in seconds)
        result[f"{name}_score_seconds"] = median(score for _, score in seconds)
    return result
