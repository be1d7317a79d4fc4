"""Features of images: computed once by a backbone, then read from a checked, resumable cache of chunks.

An entry of the cache is one Zarr array (images of the dataset, feature_dim) float32 for each `Key`: everything that
affects a feature. Its rows are the row ids of the images, so every split, subsample and few-shot draw of a dataset
shares one entry, and only missing rows are computed. A missing row reads as nan.

    extract(dataset, rows, encoder)          the features of an encoder
    fill(key, dataset, rows, build)          the output of any compiled network: see `embeddings`
"""

import functools
import re
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Any

import numpy as np

from core import backbones, hardware, settings, storage
from core.data import datasets
from core.data.datasets import Dataset
from core.errors import BackboneError
from core.features import chunks, compiled, estimates, shares, throughput
from core.features.encoder import Encoder
from core.features.housekeeping import evict
from core.features.keys import Key, key_of
from core.features.shares import Work
from core.progress import Progress, Report, silent

MIN_TIMED = 64  # images; the throughput of fewer is not recorded
REPORTED = 6  # images of a batch that its report names

Recognise = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Features:
    """Features of the requested rows, in that order, and how they were obtained."""

    values: np.ndarray  # (n, d) float32
    rows: np.ndarray  # (n,) int64
    load_seconds: float  # importing Keras, building and compiling the network; 0 if nothing was computed
    seconds: float  # the rest: computing, storing, reading
    images_per_second: float | None  # None if nothing was computed
    cached: bool
    precision: str
    batch_size: int | None


def extract(
    dataset: Dataset,
    rows: np.ndarray,
    encoder: Encoder,
    *,
    recognise: Recognise | None = None,
    report: Report = silent,
) -> Features:
    """Features of these rows of the dataset; those missing from the cache are computed. Only that imports Keras.

    Args:
        rows: Row ids (n,) int64, in any order.
        recognise: Labels (b,) of features (b, d), for the reports of images that are computed.

    Raises:
        WeightsError: The weights are not on this machine and cannot be downloaded.
    """
    weights = encoder.find_weights(report)
    image_size = dataset.images.shape[1]
    return fill(
        key_of(dataset, encoder, weights=weights.digest),
        dataset,
        rows,
        lambda: compiled.build(encoder, image_size=image_size),
        work=functools.partial(store, dataset.name, encoder),
        recognise=recognise,
        report=report,
    )


def fill(
    key: Key,
    dataset: Dataset,
    rows: np.ndarray,
    build: Callable[[], compiled.Forward],
    *,
    part: str = "",
    work: Work | None = None,
    recognise: Recognise | None = None,
    report: Report = silent,
) -> Features:
    """The entry of a key at these rows (n,) int64, in any order; `build` is called only if a row is missing.

    Args:
        part: Which of the network's outputs, if it has several (`Forward.parts`).
        work: How another worker computes and stores some of the rows, see `shares`.
        recognise: Labels (b,) of all outputs (b, d), for the reports.

    Raises:
        BackboneError: There is no such part, or the network gives non-finite values.
    """
    started = perf_counter()
    unique, order = np.unique(rows, return_inverse=True)
    rate = batch_size = None
    load_seconds = 0.0
    path = chunks.path_of(key)
    with storage.locked(storage.lock_of(path), report, total=len(rows)):
        values = chunks.read(path, unique, part)
        places = np.arange(len(unique)) if values is None else np.flatnonzero(np.isnan(values[:, 0]))
        if places.size:
            report(Progress("load", 0, 0))
            began = perf_counter()
            network = build()
            load_seconds = perf_counter() - began
            before = network.images
            shape = len(dataset.images), network.dim
            array = chunks.opened(path) or chunks.create(path, shape, key, dataset.name, network.parts)
            columns = slice(*chunks.columns_of(array, part))
            if values is None:
                values = np.empty((len(unique), columns.stop - columns.start), np.float32)
            for among, batch in _compute(network, dataset, unique[places], array, work, recognise, report):
                values[places[among]] = batch[:, columns]
            here, seconds = network.images - before, perf_counter() - began - load_seconds  # others computed the rest
            batch_size, rate = network.batch_size, _time(key, network, here, seconds, load_seconds)
        assert values is not None  # the entry exists now
        storage.used(path)
    if places.size:
        evict(settings.cache_budget(), keep=path)
    return Features(
        values=values if np.array_equal(unique, rows) else values[order],
        rows=rows,
        load_seconds=load_seconds,
        seconds=perf_counter() - started - load_seconds,
        images_per_second=rate,
        cached=not places.size,
        precision=key.precision,
        batch_size=batch_size,
    )


def _time(key: Key, network: compiled.Forward, images: int, seconds: float, load_seconds: float) -> float | None:
    """Images per second of a pass, kept for estimates; None if its time is that of compiling."""
    rate = network.rate
    if not network.pads:  # otherwise the time of a single batch is that of compiling
        rate = rate or images / seconds
    if rate and images >= MIN_TIMED:
        throughput.record(key.backbone, key.input_size, rate, hardware.name())
    if rate:  # the first batches also compile and try batch sizes; a network in memory takes next to nothing
        first_batches = max(0.0, seconds - images / rate)
        estimates.time_work(f"build {key.backbone}", 1, load_seconds + first_batches, size=key.input_size)
    return rate


def missing(dataset: Dataset, rows: np.ndarray, encoder: Encoder) -> int:
    """How many of these rows `extract` would have to compute; downloads nothing."""
    return len(rows) if encoder.needs_download else missing_from(key_of(dataset, encoder), rows)


def missing_from(key: Key, rows: np.ndarray) -> int:
    """How many of these rows (n,) are missing from the entry of a key."""
    path = chunks.path_of(key)
    array = chunks.opened(path) if path.exists() else None
    return len(rows) if array is None else len(rows) - chunks.count_of(path, np.sort(rows))


def cached_sizes(dataset: Dataset, encoder: Encoder) -> list[int]:
    """Input sizes in pixels at which features by this encoder are cached: the most images first, then the latest used.

    Its other settings count, its own size does not. Downloads nothing.
    """
    if encoder.needs_download:
        return []
    sizes = []
    name = backbones.get(encoder.backbone).stored_name
    named = (re.fullmatch(rf"{name}-(\d+)px-\w+\.zarr", path.name) for path in chunks.folder().glob(f"{name}-*.zarr"))
    for size in {int(match[1]) for match in named if match}:
        path = chunks.path_of(key_of(dataset, replace(encoder, input_size=size)))
        if path.exists():
            used = path.stat().st_mtime_ns
            sizes.append((chunks.count_of(path, np.arange(len(dataset.images))), used, size))
    return [size for _, _, size in sorted(sizes, reverse=True)]


def store(name: str, encoder: Encoder, rows: np.ndarray) -> None:
    """Compute rows (n,), sorted, for another worker that extracts them, then store them, unless it has ended meanwhile.

    Raises:
        LabError: The dataset, the weights or the precision are others here.
    """
    dataset = datasets.load(name)
    path = chunks.path_of(key_of(dataset, encoder))
    array = chunks.opened(path) if path.exists() else None
    if array is None:
        raise BackboneError(
            f"Another worker extracts features of {name} that would differ from those computed here",
            "the same dataset, weights and precision",
        )
    batches = []
    for _, values in compiled.build(encoder, image_size=dataset.images.shape[1]).stream(dataset.images, rows):
        if not storage.is_locked(storage.lock_of(path)):
            return
        batches.append(_finite(values, encoder.backbone))
    with closing(chunks.Writer(array, alone=False)) as writer:
        writer.add(rows, np.concatenate(batches))


def _compute(
    network: compiled.Forward,
    dataset: Dataset,
    rows: np.ndarray,
    array: Any,
    work: Work | None,
    recognise: Recognise | None,
    report: Report,
) -> Iterator[tuple[slice, np.ndarray]]:
    """Compute and store these rows (sorted), or read what others stored; yield their places, and all outputs (b, d)."""
    report(Progress("compile" if network.fresh and network.pads else "extract", 0, len(rows)))
    started = perf_counter()
    with (
        shares.offered(work, rows, chunks.CHUNK) as left,
        closing(chunks.Writer(array, alone=len(left) == 1)) as writer,
    ):
        alone, done = len(left) == 1, 0
        while left:
            share = left.pop()
            end = share.places.start
            for batch, values in _batches(share, rows, network, dataset.images, writer):
                begin, end = end, end + len(batch)
                yield slice(begin, end), values
                done += len(batch)
                known = done + sum(other.size for other in left if other.stored)
                rate = (alone and network.rate) or known / (perf_counter() - started)
                latest, labels = batch[-REPORTED:].tolist(), []
                if recognise:
                    labels = recognise(values[-REPORTED:]).tolist()
                to_do = (len(rows) - known) / rate
                report(Progress("extract", known, len(rows), rate=rate, seconds_left=to_do, rows=latest, labels=labels))


def _batches(
    share: shares.Share, rows: np.ndarray, network: compiled.Forward, images: np.ndarray, writer: "chunks.Writer"
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """The rows of a share and all their outputs, as another worker stored them, or computed and stored now."""
    rows = rows[share.places]
    if share.stored and not np.isnan(values := chunks.rows_of(writer.array, rows))[:, 0].any():
        yield rows, values
        return
    for batch, values in network.stream(images, rows):
        writer.add(batch, _finite(values, writer.array.attrs["backbone"]))
        yield batch, values
    writer.flush()


def _finite(values: np.ndarray, backbone: str) -> np.ndarray:
    if not np.isfinite(values).all():
        raise BackboneError(
            f"{backbone} gives non-finite features",
            remedy="Check its weights, or choose another preprocessing or input size",
        )
    return values
