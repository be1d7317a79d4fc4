"""A home folder as a class uses it: `python -m tests.load.home RUNS` fills that of the settings.

Probes and a map of the shipped sample, computed for real, on small images.
"""

import sys

from core import execute, maps, runs
from core.config import RunConfig
from core.embeddings import Source
from core.maps import MapConfig

SIZE = 32  # pixels
MAP = MapConfig(Source(dataset="cifar10-sample", backbone="EfficientNetLite0", input_size=SIZE), method="pca")
METHODS = ("linear", "mlp", "linear-adam", "knn")


def fill(count: int) -> None:
    """Execute a number of runs on the same features, and draw the map."""
    for number in range(count):
        method = METHODS[number] if number < len(METHODS) else "knn"
        config = RunConfig(method=method, input_size=SIZE, n_train=400, n_test=200, seed=number, epochs=_epochs(method))
        status = execute.perform(runs.create(config))
        if status != "finished":
            raise SystemExit(f"The run {config} ended as {status}")
    maps.compute(MAP)


def _epochs(method: str) -> int:
    return 2 if method in ("mlp", "linear-adam") else 0


if __name__ == "__main__":
    fill(int(sys.argv[1]))
