"""A home folder as a class uses it: `python -m tests.load.home RUNS` fills that of the settings.

Probes and a map of the shipped sample, computed for real, on small images; in a class also a challenge with entries.
"""

import sys

from core import challenges, execute, maps, people, runs, settings
from core.config import RunConfig
from core.data import datasets
from core.embeddings import Source
from core.maps import MapConfig

SIZE = 32  # pixels
MAP = MapConfig(Source(dataset="cifar10-sample", backbone="EfficientNetLite0", input_size=SIZE), method="pca")
METHODS = ("linear", "mlp", "linear-adam", "knn")


def fill(count: int) -> None:
    """Execute a number of runs on the same features, and draw the map."""
    for number in range(count):
        method = METHODS[number] if number < len(METHODS) else "knn"
        _run(RunConfig(method=method, input_size=SIZE, n_train=400, n_test=200, seed=number, epochs=_epochs(method)))
    maps.compute(MAP)
    if settings.mode() == "class":
        name = challenges.create("Challenge", datasets.SAMPLE).name
        for method in METHODS:
            run = _run(RunConfig(dataset=name, method=method, input_size=SIZE, n_train=400, epochs=_epochs(method)))
            challenges.enter_run(name, run)


def _run(config: RunConfig) -> str:
    """Execute a run; returns its id."""
    run = runs.create(config)
    status = execute.perform(run)
    if status != "finished":
        raise SystemExit(f"The run {config} ended as {status}")
    return run


def _epochs(method: str) -> int:
    return 2 if method in ("mlp", "linear-adam") else 0


if __name__ == "__main__":
    with people.acting_as(people.LECTURER):
        fill(int(sys.argv[1]))
