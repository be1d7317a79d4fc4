"""How far the estimates of tasks are from the time that the tasks take.

In an empty home folder, the tasks of the pages run one after the other, several rounds of them with other numbers of
images, and nothing of an earlier round is cached. In the first, libraries are imported and compiled, and what it kept
is forgotten; the second measures the speeds; the others are the result.
"""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from time import perf_counter

from core import hardware, maps, runs, settings
from core.bench.empty_home import empty_home
from core.config import RunConfig
from core.embeddings import Source
from core.errors import RunError
from core.evaluation import few_shot, layer_probes, robustness
from core.execute import perform
from core.features import estimates as kept
from core.features import layers
from core.features.estimates import Count
from core.maps import MapConfig

SHARES = (0.5, 1.0, 0.6, 1.4, 0.8, 1.2)  # of the images, in each round
CACHED = ("features", "few_shot", "layer_probes", "robustness", "maps")  # folders that a round leaves empty

Work = tuple[Count, Callable[[], object]]  # what is counted, and what is done


def estimates(
    *,
    images: int = 500,
    dataset: str = "cifar10-sample",
    backbone: str = "EfficientNetLite0",
    weights: str = "imagenet",
    input_size: int = 96,
) -> dict:
    """The median of |said - taken| / taken over the tasks after the first round, and for each kind of task.

    `kept_` is the same of the tasks that pages and the terminal have run on this machine.
    """
    before = kept.tasks()
    before = before[before["hardware"] == hardware.name()]
    with empty_home():
        for number, share in enumerate(SHARES):
            config = RunConfig(
                dataset=dataset,
                backbone=backbone,
                weights=weights,
                input_size=input_size,
                n_train=round(share * images),
                n_test=round(share * images / 2),
            )
            _round(config)
            if number == 0:
                kept.forget()
            elif number == 1:
                first = len(kept.tasks())
        done = kept.tasks().iloc[first:]
    figures: dict = {"backbone": backbone, "input_size": input_size, "tasks": len(done)}
    for kind, of_kind in done.groupby("kind"):
        name = str(kind).replace(" ", "_").replace("-", "_")
        for column in ("said", "taken"):
            figures[f"{name}_{column}_seconds"] = [round(value, 1) for value in of_kind[column]]
        figures[f"{name}_median_error"] = kept.median_error(of_kind)
    figures["median_error"] = kept.median_error(done)  # aim: 0.3
    figures["median_error_before_correction"] = kept.median_error(done.assign(said=done["counted"]))
    return figures | {"kept_tasks": len(before), "kept_median_error": kept.median_error(before)}


def _round(config: RunConfig) -> None:
    _forget_results()
    probe = runs.create(config)
    _perform(probe)
    changes = {"method": "finetune", "unfreeze": "blocks", "unfreeze_count": 2, "head_epochs": 1, "epochs": 2}
    for counted, work in _tasks(probe, config):
        estimate, began = counted.estimate(), perf_counter()
        work()
        kept.record(counted.kind, estimate, perf_counter() - began)
    _forget_results()
    _perform(runs.create(replace(config, **changes)))


def _tasks(probe: str, config: RunConfig) -> Iterator[Work]:
    """What pages offer, each with what it counts just before it starts."""
    source = Source(
        dataset=config.dataset,
        images="test",
        n_images=config.n_test,
        backbone=config.backbone,
        weights=config.weights,
        input_size=config.input_size,
    )
    counted = Count("robustness")
    robustness.count(probe, runs.predictions(probe)["row"].to_numpy(), into=counted)
    yield counted, lambda: robustness.measure(probe)

    counted = Count("few-shot")
    few_shot.count(source, into=counted)
    yield counted, lambda: few_shot.measure(source)

    counted = Count("layers")
    layer_probes.count(source, layers.of(config.backbone, config.input_size), n_train=config.n_train, into=counted)
    yield counted, lambda: layer_probes.measure(source, n_train=config.n_train)

    counted, methods = Count("six maps"), tuple(maps.METHODS)
    maps.count(methods, config.n_test, into=counted)
    configs = [maps.fitting(MapConfig(source, method=method), config.n_test) for method in methods]
    yield counted, lambda: [maps.compute(each) for each in configs]


def _forget_results() -> None:
    for folder in CACHED:
        shutil.rmtree(settings.home() / folder, ignore_errors=True)


def _perform(run: str) -> None:
    if (status := perform(run)) != "finished":
        raise RunError(f"The run of the benchmark is {status}", "a finished run")
