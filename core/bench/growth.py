"""How time and memory grow with the number of images, task by task, each in a process of its own."""

from dataclasses import replace

import numpy as np

from core import embeddings, features, heads, maps
from core.bench import own_process
from core.bench.empty_home import empty_home
from core.data import datasets
from core.embeddings import Source
from core.evaluation import few_shot
from core.features import Encoder, compiled
from core.maps import MapConfig

SIZES = (1_000, 10_000)  # images, and all of them
TESTED = 6  # one image of so many
PLANTED, DIM, CLASSES = 500_000, 512, 10  # images, numbers an image
BATCH = 1024
BLOCK = 10_000  # images planted at a time


def growth(
    *,
    images: int = 60_000,
    dataset: str = "cifar10",
    backbone: str = "EfficientNetLite0",
    weights: str = "imagenet",
    input_size: int = 32,
) -> dict:
    """Seconds, processor seconds and peak memory of each task, imports included, for more and more images.

    Extraction comes first, so that the other tasks read its features. Of the most images only the cache and the head
    are measured, with planted features.
    """
    works = {"extraction": _extract, "probe": _probe, "few_shot": _few_shot}
    sizes = [*(size for size in SIZES if size < images), images]
    result: dict = {"dataset": dataset, "backbone": backbone, "input_size": input_size}
    with empty_home():
        for count in sizes:
            source = Source(dataset, n_images=count, backbone=backbone, weights=weights, input_size=input_size)
            measured = {name: own_process.spend(work, source) for name, work in works.items()}
            measured |= {method: own_process.spend(_draw, source, method) for method in maps.METHODS}
            result[f"{count}_images"] = {name: _rounded(spent) for name, spent in measured.items()}
        planted = {"cache": own_process.spend(_fill, PLANTED), "head": own_process.spend(_fit, PLANTED)}
        result[f"{PLANTED}_planted_images"] = {name: _rounded(spent) for name, spent in planted.items()}
    return result


def _extract(source: Source) -> None:
    embeddings.values(source)


def _probe(source: Source) -> None:
    x, y, x_test, y_test = _split(source)
    heads.fit("linear", heads.Labelled(x, y), heads.Labelled(x_test, y_test), classes=int(y.max()) + 1)


def _few_shot(source: Source) -> None:
    x, y, x_test, y_test = _split(source)
    mean, scale = heads.moments(x)
    task = few_shot.Task((x - mean) / scale, y, (x_test - mean) / scale, y_test, int(y.max()) + 1)
    sizes = few_shot.shots(np.bincount(y))
    for size in sizes:
        few_shot.point(task, size, seeds=1 if size == sizes[-1] else few_shot.SEEDS)


def _draw(source: Source, method: str) -> None:
    maps.compute(MapConfig(source, method=method))


def _split(source: Source) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Features and labels of the images to train on, and of those to test on."""
    resolved = embeddings.resolve(source)
    x, y = resolved.values().values, resolved.dataset.labels[resolved.rows]
    tested = np.arange(len(y)) % TESTED == 0
    return x[~tested], y[~tested], x[tested], y[tested]


def _fill(images: int) -> None:
    """Store features that a pass gives at once, and read them."""
    sample = datasets.load(datasets.SAMPLE)
    source = replace(sample, images=np.broadcast_to(sample.images[:1], (images, *sample.images.shape[1:])))
    values = np.random.default_rng(0).gamma(0.5, size=(BATCH, DIM)).astype(np.float32)
    network = compiled.Forward(lambda pixels: values[: len(pixels)], DIM, batch_size=BATCH)
    key = features.key_of(source, Encoder("ResNet50", "untrained", 224))
    for _ in range(2):
        features.fill(key, source, np.arange(images), lambda: network)


def _fit(images: int) -> None:
    random = np.random.default_rng(0)
    y = np.arange(images) % CLASSES
    centres, x = random.standard_normal((CLASSES, DIM), np.float32), np.empty((images, DIM), np.float32)
    for start in range(0, images, BLOCK):
        random.standard_normal(out=x[start : start + BLOCK], dtype=np.float32)
        x[start : start + BLOCK] += 0.06 * centres[y[start : start + BLOCK]]
    tested = images // TESTED
    train, val = heads.Labelled(x[tested:], y[tested:]), heads.Labelled(x[:tested], y[:tested])
    heads.fit("linear", train, val, classes=CLASSES)


def _rounded(spent: own_process.Spent) -> dict[str, float]:
    return {
        "seconds": round(spent.seconds, 1),
        "processor_seconds": round(spent.processor_seconds, 1),
        "peak_gigabytes": round(spent.peak / 1e9, 2),
    }
