"""Measured speeds of this machine: images a second for a backbone and input size, and what a run will cost."""

import json
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np
import pandas as pd

from core import hardware, settings, storage
from core.progress import Progress, Report, silent

KEPT = 9  # measurements of one backbone, size and machine; their median is the speed
MEASURE_SECONDS = 3.0  # how long `measure` runs a backbone


@dataclass(frozen=True)
class Estimate:
    """What extracting will take, and how that is known."""

    seconds: float
    basis: str  # one sentence to show beside it


def record(backbone: str, input_size: int, images_per_second: float, hardware: str) -> None:
    """Adds one measurement; the latest few of the same backbone, input size (pixels) and hardware are kept."""
    path = _path()
    with storage.locked(path.with_suffix(".lock")):
        measured = _read(path)
        rates = measured.setdefault((backbone, input_size, hardware), [])
        rates[:] = [*rates, float(images_per_second)][-KEPT:]
        _write(path, measured)


def training_name(config) -> str:
    """Under which name the speed of a training is recorded: the backbone, and what else decides about it.

    Args:
        config: A `RunConfig` that trains.
    """
    what = f"{config.unfreeze} {config.unfreeze_count}" if config.method == "finetune" else "everything"
    return f"{config.backbone} {config.method} {what} {config.augment or 'as they are'} {config.batch_size}"


def table() -> pd.DataFrame:
    """A row for each measured backbone, input_size and hardware: images_per_second (median), measurements."""
    rows = [(*key, median(rates), len(rates)) for key, rates in _read(_path()).items()]
    columns = ["backbone", "input_size", "hardware", "images_per_second", "measurements"]
    return pd.DataFrame(rows, columns=columns)


def estimate(backbone: str, input_size: int, n_images: int) -> Estimate | None:
    """Seconds to extract so many images on this machine; None where this backbone was never measured on it."""
    here = {
        size: median(rates)
        for (name, size, machine), rates in _read(_path()).items()
        if name == backbone and machine == hardware.name()
    }
    if not here:
        return None
    if input_size in here:
        rate = here[input_size]
        return Estimate(n_images / rate, f"Measured here: {rate:,.0f} images/s at {input_size} px")
    nearest = min(here, key=lambda size: abs(size - input_size))
    rate = here[nearest] * (nearest / input_size) ** 2
    basis = f"Scaled by pixel area from {here[nearest]:,.0f} images/s, measured here at {nearest} px"
    return Estimate(n_images / rate, basis)


def measure(backbone: str, input_size: int, report: Report = silent) -> float:
    """Runs the untrained backbone for a few seconds on random images, records and returns images per second."""
    from core import backbones
    from core.features import compiled

    network = compiled.build(
        backbone, backbones.find_weights(backbone, "untrained"), image_size=input_size, input_size=input_size
    )
    images = np.random.default_rng(0).integers(0, 256, (64, input_size, input_size, 3), np.uint8)
    rows = np.arange(1_000_000) % len(images)  # more than the time allows
    started = None
    for _ in network.stream(images, rows):
        if network.batch_size is None:  # still compiling and trying batch sizes
            report(Progress("measure", 0, 0))
            continue
        started = started or perf_counter()
        elapsed = perf_counter() - started
        report(Progress("measure", min(int(elapsed), int(MEASURE_SECONDS)), int(MEASURE_SECONDS), unit="seconds"))
        if elapsed >= MEASURE_SECONDS:
            break
    record(backbone, input_size, network.rate, hardware.name())
    return network.rate


# One small JSON file: a list of objects, so that it can be read and mended by hand.


def _path() -> Path:
    return settings.home() / "speeds.json"


def _read(path: Path) -> dict[tuple[str, int, str], list[float]]:
    try:
        entries = json.loads(path.read_text())
        return {(e["backbone"], e["input_size"], e["hardware"]): list(e["images_per_second"]) for e in entries}
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return {}  # nothing measured yet, or not our file: speeds are soon measured again


def _write(path: Path, measured: dict[tuple[str, int, str], list[float]]) -> None:
    entries = [
        {"backbone": backbone, "input_size": size, "hardware": machine, "images_per_second": rates}
        for (backbone, size, machine), rates in sorted(measured.items())
    ]
    with storage.replaced(path) as new:
        new.write_text(json.dumps(entries, indent=1))
