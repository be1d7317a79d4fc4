"""Measured throughput of this machine: images per second by backbone and input size, and estimates made from it."""

import json
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np
import pandas as pd

from core import backbones, hardware, settings, storage
from core.features import inference
from core.progress import Progress, Report, silent

KEPT = 9  # measurements kept per backbone, input size and machine; their median is the speed
MEASURE_SECONDS = 3.0  # how long `measure` runs a backbone
KERAS_SHARE = 0.65  # of the speed on OpenVINO: the median of 39 networks, see docs/benchmarks.md


@dataclass(frozen=True)
class Estimate:
    """How long extraction will take, and what the estimate is based on."""

    seconds: float
    basis: str  # one sentence, shown with the estimate
    counted: float = 0.0  # seconds, before earlier tasks corrected them; 0: not a whole task (see `estimates`)


def record(backbone: str, input_size: int, images_per_second: float, hardware: str) -> None:
    """Add a measurement; the last `KEPT` per backbone, input size (pixels) and hardware are kept."""
    path = _path()
    with storage.locked(path.with_suffix(".lock")):
        measured = _read(path)
        rates = measured.setdefault((backbone, input_size, hardware), [])
        rates[:] = [*rates, float(images_per_second)][-KEPT:]
        _write(path, measured)


def in_keras(backbone: str) -> str:
    """The name under which the throughput of a backbone in Keras is recorded: a training and its tests run there."""
    return f"{backbone} in Keras"


def table() -> pd.DataFrame:
    """One row per backbone, input_size and hardware: images_per_second (median), measurements (their number)."""
    rows = [(*key, median(rates), len(rates)) for key, rates in _read(_path()).items()]
    columns = ["backbone", "input_size", "hardware", "images_per_second", "measurements"]
    return pd.DataFrame(rows, columns=columns)


def estimate(backbone: str, input_size: int, n_images: int) -> Estimate | None:
    """Seconds to extract `n_images` on this machine; None if this backbone was never measured on it."""
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
    basis = f"Scaled by pixel area from {here[nearest]:,.0f} images/s measured here at {nearest} px"
    return Estimate(n_images / rate, basis)


def estimate_in_keras(backbone: str, input_size: int, n_images: int) -> Estimate | None:
    """Seconds of Keras's own pass over `n_images`; until one was timed here, from the speed on OpenVINO."""
    forward = estimate(in_keras(backbone), input_size, n_images)
    if forward is None and (forward := estimate(backbone, input_size, n_images)) and inference.available("float32"):
        basis = f"{forward.basis}, of which Keras reaches about {100 * KERAS_SHARE:.0f} %"
        return replace(forward, seconds=forward.seconds / KERAS_SHARE, basis=basis)
    return forward


def measure(backbone: str, input_size: int, report: Report = silent) -> float:
    """Run the untrained backbone on random images for a few seconds; record and return images per second."""
    from core.features import compiled
    from core.features.encoder import Encoder

    encoder = Encoder(backbone, "untrained", input_size, precision="float32")
    network = compiled.build(encoder, image_size=input_size)
    images = np.random.default_rng(0).integers(0, 256, (64, input_size, input_size, 3), np.uint8)
    rows = np.arange(1_000_000) % len(images)  # more than fit into the time
    started = None
    for _ in network.stream(images, rows):
        if network.rate is None:  # still compiling and trying batch sizes
            report(Progress("measure", 0, 0))
            continue
        started = started or perf_counter()
        elapsed = perf_counter() - started
        report(Progress("measure", min(int(elapsed), int(MEASURE_SECONDS)), int(MEASURE_SECONDS), unit="seconds"))
        if elapsed >= MEASURE_SECONDS:
            break
    assert network.rate is not None  # set by the first batch after the trial
    record(backbone, input_size, network.rate, hardware.name())
    return network.rate


# One small JSON file: a list of objects, so that it can be read and edited by hand.


def _path() -> Path:
    return settings.home() / "speeds.json"


def _read(path: Path) -> dict[tuple[str, int, str], list[float]]:
    try:
        entries = json.loads(path.read_text())
        return {
            (_renamed(e["backbone"]), e["input_size"], e["hardware"]): list(e["images_per_second"]) for e in entries
        }
    except (OSError, ValueError, KeyError, TypeError):
        return {}  # nothing measured yet, or an unreadable file: speeds are quickly measured again


def _renamed(name: str) -> str:
    """A backbone, or the name of a training, which begins with it."""
    backbone, _, training = name.partition(" ")
    return f"{backbones.RENAMED.get(backbone, backbone)} {training}".rstrip()


def _write(path: Path, measured: dict[tuple[str, int, str], list[float]]) -> None:
    entries = [
        {"backbone": backbone, "input_size": size, "hardware": machine, "images_per_second": rates}
        for (backbone, size, machine), rates in sorted(measured.items())
    ]
    with storage.replaced(path) as new:
        new.write_text(json.dumps(entries, indent=1))
