"""How fast features are stored: a pass that returns at once, so that all the time is that of the cache."""

from statistics import median
from time import perf_counter, process_time

import numpy as np

from core import features, hardware
from core.bench.empty_home import empty_home
from core.bench.repeated import repeated
from core.data import datasets
from core.features import Encoder, compiled

DIM = 2048  # numbers an image, as of ResNet50
BATCH = 1024
ROUNDS = 5
AIM = 25_000 / 16  # images/s a core: an H100 computes ResNet50 at 25,000, beside 16 cores


def store(*, images: int = 20_000) -> dict:
    """Images/s of `features.fill` on an empty cache, with numbers as a pass in float32 or in bfloat16 gives them."""
    sample = datasets.load(datasets.SAMPLE)
    source = repeated(sample, images)
    values = np.random.default_rng(0).gamma(0.5, size=(BATCH, DIM)).astype(np.float32)  # positive, as after ReLU
    halved = (values.view(np.uint32) & 0xFFFF0000).view(np.float32)  # as computed in bfloat16
    cores = hardware.describe()["cores"]
    result = {"cores": cores, "images": images, "numbers_an_image": DIM, "aim": round(AIM * cores)}
    for precision, computed in (("float32", values), ("bfloat16", halved)):
        network = compiled.Forward(lambda pixels, computed=computed: computed[: len(pixels)], DIM, batch_size=BATCH)
        rounds = [_seconds(source, network) for _ in range(ROUNDS)]
        result[precision] = {
            "images_per_second": round(images / median(seconds for seconds, _ in rounds)),
            "images_per_processor_second": round(images / median(busy for _, busy in rounds)),
        }
    return result


def _seconds(source: datasets.Dataset, network: compiled.Forward) -> tuple[float, float]:
    """Seconds of the clock and of the processor."""
    with empty_home():
        key = features.key_of(source, Encoder("ResNet50", "untrained", 224))
        began, busy = perf_counter(), process_time()
        features.fill(key, source, np.arange(len(source.images)), lambda: network)
        return perf_counter() - began, process_time() - busy
