"""How long tasks will take: counted in parts that this machine has timed, and corrected by the tasks it has done.

    count = Count("layers")                      what a task computes, part by part
    count.network("MobileNetV2", 96, images)     networks to build, images to process
    count.work("layer head", images)             heads to fit, maps to lay out
    estimate = count.estimate()                  seconds, and what they are based on
    record("layers", estimate, taken)            kept beside the time it took

What a count omits, or counts although it overlaps with other parts, shows in the stored times: the median ratio of time
taken to time counted, or the median difference, corrects the next estimate of that kind of task.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from math import log
from pathlib import Path
from statistics import median

import pandas as pd

from core import hardware, settings, storage
from core.features import throughput
from core.features.throughput import Estimate

KEPT = 12  # tasks kept per kind and machine, and timings per kind of work
ENOUGH = 5  # tasks before their median corrects an estimate
VERSION = 3  # increase it when tasks are counted otherwise: those kept before then correct no estimate
SHORTEST = 1.0  # seconds; shorter tasks are mostly overhead, and not kept
MIN_PART = 0.25  # of a count is left when a difference is taken off
COLUMNS = ["kind", "hardware", "counted", "said", "taken"]

# Units per second on two cores of an Intel Xeon, until this machine has timed its own.
ELSEWHERE = {
    "build": 0.2,  # networks, until the first batch is done
    "layer head": 1500,  # training images of a linear head
    "few-shot head": 3000,
    "label-error heads": 1500,  # images
    "linear head": 1500,
    "linear-adam head": 600,
    "mlp head": 700,
    "knn head": 30_000,
    "pca layout": 1000,  # images
    "tsne layout": 150,
    "umap layout": 150,
    "corruption": 2000,
}

Speed = Callable[[str, int, int], Estimate | None]  # such as `throughput.estimate`


@dataclass
class Count:
    """What a task will compute on this machine."""

    kind: str
    seconds: float = 0.0
    parts: list[str] = field(default_factory=list)
    images: int = 0  # that networks have to process
    known: bool = True  # the speed of every network has been measured here, that of other work here or elsewhere

    def network(
        self, backbone: str, input_size: int, images: int, *, builds: int = 1, speed: Speed = throughput.estimate
    ) -> None:
        """Images that a network has to process, in as many calls as it is built for; none: it is not built either."""
        if not images:
            return
        forward = speed(backbone, input_size, images)
        self.images += images
        self.known = self.known and forward is not None
        self.seconds += forward.seconds if forward else 0
        basis = f": {forward.basis[0].lower()}{forward.basis[1:]}" if forward else ""
        self.parts.append(f"{images:,} {'image' if images == 1 else 'images'} through {backbone}{basis}")
        self.work(f"build {backbone}", builds, size=input_size)

    def work(self, name: str, units: float, *, size: int = 0, label: str = "") -> None:
        """Other work of a known speed, as `time_work` records it.

        Args:
            size: On which the speed depends.
            label: What is done, in words.
        """
        rate = _rate(name, size)
        self.known = self.known and (rate is not None or not units)
        self.seconds += units / rate if rate else 0.0
        if label:
            self.parts.append(label)

    def estimate(self) -> Estimate | None:
        """None if a speed is not known."""
        return corrected(self.kind, self.seconds, ", ".join(self.parts)) if self.known else None


def corrected(kind: str, seconds: float, basis: str) -> Estimate:
    """An estimate from counted seconds: as they are, times a ratio, or plus a difference, of earlier tasks of its kind.

    Of these three, the one that would have been nearest to the time that the earlier tasks took.
    """
    earlier = [task for task in _read()["tasks"] if _here(task) and task["kind"] == kind]
    if len(earlier) < ENOUGH:
        return Estimate(seconds, basis, counted=seconds)
    ratio = median(task["taken"] / task["counted"] for task in earlier)
    more = median(task["taken"] - task["counted"] for task in earlier)
    ways: dict[str, Callable[[float], float]] = {
        "": lambda counted: counted,
        f"times {ratio:.2f}": lambda counted: ratio * counted,
        f"{'plus' if more > 0 else 'minus'} {abs(more):.1f} s": lambda counted: max(counted + more, MIN_PART * counted),
    }
    errors = {
        way: median(abs(correct(task["counted"]) / task["taken"] - 1) for task in earlier)
        for way, correct in ways.items()
    }
    way = min(errors, key=lambda way: errors[way])
    correction = f"; {way}, the median of {len(earlier)} earlier tasks here" if way else ""
    return Estimate(ways[way](seconds), basis + correction, counted=seconds)


def record(kind: str, estimate: Estimate | None, taken: float) -> None:
    """Keep an estimate beside the seconds that the task took; the last `KEPT` of each kind and machine stay."""
    if estimate is None or not estimate.counted or taken < SHORTEST:
        return
    values = (kind, hardware.name(), round(estimate.counted, 2), round(estimate.seconds, 2), round(taken, 2))
    task = dict(zip(COLUMNS, values, strict=True))
    with storage.locked(_path().with_suffix(".lock")):
        kept = _read()
        same = [each for each in kept["tasks"] if _here(each) and each["kind"] == kind]
        if len(same) >= KEPT:
            kept["tasks"].remove(same[0])
        kept["tasks"].append(task)
        _write(kept)


def time_work(name: str, units: float, seconds: float, *, size: int = 0) -> None:
    """Record how long some work took: units of work, such as images; the last `KEPT` of a name and size stay."""
    if seconds <= 0 or not units:
        return
    with storage.locked(_path().with_suffix(".lock")):
        kept = _read()
        for each in kept["work"]:
            if _here(each) and (each["name"], each["size"]) == (name, size):
                each["rates"] = [*each["rates"], units / seconds][-KEPT:]
                break
        else:
            kept["work"].append({"name": name, "size": size, "hardware": hardware.name(), "rates": [units / seconds]})
        _write(kept)


def tasks() -> pd.DataFrame:
    """One row per kept task, oldest first: kind, hardware, counted, said and taken (seconds)."""
    return pd.DataFrame(_read()["tasks"], columns=COLUMNS)


def forget() -> None:
    """Forget all tasks and timings of other work; speeds of networks stay."""
    with storage.locked(_path().with_suffix(".lock")):
        _path().unlink(missing_ok=True)


def median_error(kept: pd.DataFrame) -> float:
    """The median of |said - taken| / taken; nan if nothing was kept."""
    return float(((kept["said"] - kept["taken"]).abs() / kept["taken"]).median())


def bucket(images: int) -> int:
    """The power of two next to a number of images: maps of similar numbers share one speed."""
    return 2 ** round(log(max(images, 1), 2))


def _rate(name: str, size: int) -> float | None:
    """Units per second measured here at the nearest size, or else elsewhere; None if neither."""
    here = {each["size"]: median(each["rates"]) for each in _read()["work"] if _here(each) and each["name"] == name}
    if here:
        return here[min(here, key=lambda other: abs(log((other + 1) / (size + 1))))]
    return ELSEWHERE.get("build" if name.startswith("build ") else name)


def _here(entry: dict) -> bool:
    return entry["hardware"] == hardware.name()


def _path() -> Path:
    return settings.home() / "estimates.json"


def _read() -> dict[str, list[dict]]:
    try:
        kept = json.loads(_path().read_text())
        tasks = [each for each in kept["tasks"] if set(COLUMNS) <= set(each) and each["counted"] > 0]
        work = [each for each in kept["work"] if {"name", "size", "hardware", "rates"} <= set(each) and each["rates"]]
        return {"work": work, "tasks": tasks if kept.get("version") == VERSION else []}
    except (OSError, ValueError, KeyError, TypeError):
        return {"work": [], "tasks": []}  # nothing kept yet, or an unreadable file


def _write(kept: dict[str, list[dict]]) -> None:
    with storage.replaced(_path()) as new:
        new.write_text(json.dumps({"version": VERSION, **kept}, indent=1))
