"""Features of images: computed once by a backbone, then read from a checked, resumable cache of chunks.

An entry of the cache is one Zarr array (images of the dataset, feature_dim) float32 for each `Key`: everything that
affects a feature. Its rows are the row ids of the images, so every split, subsample and few-shot draw of a dataset
shares one entry, and only missing rows are computed. A missing row reads as nan.

    extract(dataset, rows, encoder)          the features of an encoder
    fill(key, dataset, rows, build)          the output of any compiled network: see `embeddings`
"""

import functools
import json
import logging
import re
import shutil
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from core import backbones, hardware, people, settings, storage
from core.data import datasets
from core.data.datasets import Dataset
from core.errors import BackboneError, ConfigError, closest
from core.features import compiled, estimates, shares, throughput
from core.features.encoder import Encoder
from core.features.shares import Work
from core.progress import Progress, Report, silent

VERSION = 1  # increase it when the same key would give different features
NORM_LAST = 2  # of poolings that a LayerNorm follows (ConvNeXt); in version 1 it came first, which is norm-avg now
CHUNK = 512  # rows; at most this many, and the chunks that wait, are lost when an extraction is killed
MIN_TIMED = 64  # images; the throughput of fewer is not recorded
WRITERS = 4  # threads that compress and write chunks
WAITING = 16  # chunks that may wait for them, 64 MB of 2,048 numbers an image
REPORTED = 6  # images of a batch that its report names

Recognise = Callable[[np.ndarray], np.ndarray]

log = logging.getLogger(__name__)


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


@dataclass(frozen=True)
class Key:
    """Everything that affects a feature, apart from the row of its image."""

    backbone: str
    weights: str  # digest
    dataset: str  # fingerprint
    input_size: int  # pixels
    preprocessing: str
    pooling: str
    precision: str
    version: int = VERSION
    output: str = ""  # which output of the network; "": the pooled last feature map

    @property
    def digest(self) -> str:
        """16 hexadecimal digits."""
        # Without an output, the digest is what it was before keys had one.
        values = {name: value for name, value in asdict(self).items() if name != "output" or value}
        return storage.digest(values | {"backbone": backbones.get(self.backbone).stored_name})


@dataclass(frozen=True)
class Entry:
    """One entry of the cache, as listed for housekeeping."""

    path: Path
    backbone: str
    dataset: str
    input_size: int  # pixels
    images: int  # in the dataset; some may not be computed yet
    dim: int
    bytes: int
    created: datetime
    last_used: datetime


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
    path = _path(key)
    with storage.locked(storage.lock_of(path), report, total=len(rows)):
        values = _read(path, unique, part)
        places = np.arange(len(unique)) if values is None else np.flatnonzero(np.isnan(values[:, 0]))
        if places.size:
            report(Progress("load", 0, 0))
            began = perf_counter()
            network = build()
            load_seconds = perf_counter() - began
            before = network.images
            array = _open(path) or _create(path, (len(dataset.images), network.dim), key, dataset.name, network.parts)
            columns = slice(*_columns(array, part))
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
    path = _path(key)
    array = _open(path) if path.exists() else None
    return len(rows) if array is None else len(rows) - _count(path, np.sort(rows))


def cached_sizes(dataset: Dataset, encoder: Encoder) -> list[int]:
    """Input sizes in pixels at which features by this encoder are cached: the most images first, then the latest used.

    Its other settings count, its own size does not. Downloads nothing.
    """
    if encoder.needs_download:
        return []
    sizes = []
    name = backbones.get(encoder.backbone).stored_name
    named = (re.fullmatch(rf"{name}-(\d+)px-\w+\.zarr", path.name) for path in _folder().glob(f"{name}-*.zarr"))
    for size in {int(match[1]) for match in named if match}:
        path = _path(key_of(dataset, replace(encoder, input_size=size)))
        if path.exists():
            used = path.stat().st_mtime_ns
            sizes.append((_count(path, np.arange(len(dataset.images))), used, size))
    return [size for _, _, size in sorted(sizes, reverse=True)]


def key_of(dataset: Dataset, encoder: Encoder, *, weights: str = "", output: str = "") -> Key:
    """The key of an encoder's output.

    Args:
        weights: The digest of its weights, or of a trained network's; by default they are found on this machine.
        output: Which output of the network; "": the features that `extract` returns.

    Raises:
        WeightsError: The weights are not on this machine yet.
    """
    follows = backbones.get(encoder.backbone).norm_follows(encoder.pooling)
    return Key(
        backbone=encoder.backbone,
        weights=weights or encoder.local_weights().digest,
        dataset=dataset.fingerprint,
        input_size=encoder.input_size,
        preprocessing=encoder.preprocessing,
        pooling=encoder.pooling.removeprefix("norm-"),
        precision=encoder.precision,
        version=NORM_LAST if follows else VERSION,
        output=output,
    )


def parts(key: Key) -> dict[str, tuple[int, int]] | None:
    """Output -> its first column and the one after its last; empty for a single output, None if there is no entry."""
    path = _path(key)
    array = _open(path) if path.exists() else None
    return None if array is None else _parts(array)


def entries() -> list[Entry]:
    """The entries of the cache, most recently used first."""
    listed = [_entry(path) for path in _folder().glob("*.zarr")]
    return sorted((entry for entry in listed if entry), key=lambda entry: entry.last_used, reverse=True)


def clear() -> int:
    """Remove every entry that is not in use; returns the bytes freed. Raises AccessError for a learner."""
    people.require("clear caches")
    return evict(0)


def evict(budget: int, keep: Path | None = None) -> int:
    """Remove least recently used entries until the cache takes at most `budget` bytes; returns the bytes freed.

    An entry that is being read or written stays, and so does `keep`.
    """
    used = {entry.path: entry.bytes for entry in reversed(entries())}
    return storage.evict(used, sum(used.values()) - budget, keep)


# Computing missing rows


def store(name: str, encoder: Encoder, rows: np.ndarray) -> None:
    """Compute rows (n,), sorted, for another worker that extracts them, then store them, unless it has ended meanwhile.

    Raises:
        LabError: The dataset, the weights or the precision are others here.
    """
    dataset = datasets.load(name)
    path = _path(key_of(dataset, encoder))
    array = _open(path) if path.exists() else None
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
    with closing(_Writer(array, alone=False)) as writer:
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
    with shares.offered(work, rows, CHUNK) as left, closing(_Writer(array, alone=len(left) == 1)) as writer:
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
    share: shares.Share, rows: np.ndarray, network: compiled.Forward, images: np.ndarray, writer: "_Writer"
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """The rows of a share and all their outputs, as another worker stored them, or computed and stored now."""
    rows = rows[share.places]
    if share.stored and not np.isnan(values := _read_rows(writer.array, rows))[:, 0].any():
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


class _Writer:
    """Collects rows, which arrive sorted, and writes a chunk once they have passed it, in threads behind the pass.

    Args:
        alone: Whether nobody else writes to the array meanwhile.
    """

    def __init__(self, array: Any, *, alone: bool):
        self.array, self.new = array, alone and not array.nchunks_initialized
        self.threads, self.writing = ThreadPoolExecutor(WRITERS), deque()
        self.rows = np.empty(0, np.int64)
        self.values = np.empty((0, array.shape[1]), np.float32)

    def add(self, rows: np.ndarray, values: np.ndarray) -> None:
        self.rows, self.values = np.concatenate([self.rows, rows]), np.concatenate([self.values, values])
        self._write(np.searchsorted(self.rows, rows[-1] // CHUNK * CHUNK))

    def flush(self) -> None:
        """Write the rest too."""
        self._write(len(self.rows))

    def close(self) -> None:
        """Write the rest, and wait until all is written."""
        with self.threads:
            self.flush()
            while self.writing:
                self.writing.popleft().result()

    def _write(self, count: int) -> None:
        rows, values = self.rows[:count], self.values[:count]
        for start in np.unique(rows // CHUNK) * CHUNK:
            inside = slice(*np.searchsorted(rows, [start, start + CHUNK]))
            self.writing.append(self.threads.submit(self._store, start, rows[inside] - start, values[inside]))
        while len(self.writing) > WAITING:
            self.writing.popleft().result()
        self.rows, self.values = self.rows[count:], self.values[count:]

    def _store(self, start: int, places: np.ndarray, values: np.ndarray) -> None:
        size = min(CHUNK, self.array.shape[0] - start)
        if len(places) < size:  # the rest of the chunk stays what it was
            block = _nothing(size, self.array) if self.new else _read_chunk(self.array, start)
            block[places] = values
            values = block
        self.array[start : start + size] = values


# The store: one Zarr array per key


def _path(key: Key) -> Path:
    return _folder() / f"{backbones.get(key.backbone).stored_name}-{key.input_size}px-{key.digest}.zarr"


def _folder() -> Path:
    return settings.folder("features")


def _create(path: Path, shape: tuple[int, int], key: Key, dataset: str, parts: dict[str, tuple[int, int]]) -> Any:
    import zarr
    from zarr.codecs import Crc32cCodec, ZstdCodec

    return zarr.create_array(
        path,
        shape=shape,
        chunks=(CHUNK, shape[1]),
        dtype="float32",
        fill_value=float("nan"),
        # Fast, and missing rows take almost no space; the checksum is of the compressed bytes.
        compressors=[ZstdCodec(level=1), Crc32cCodec()],
        attributes={**asdict(key), "dataset_name": dataset, "parts": parts, "created": datetime.now(UTC).isoformat()},
    )


def _open(path: Path) -> Any | None:
    """The array of an entry; None if there is none. An entry with broken metadata is removed."""
    import zarr

    try:
        return zarr.open_array(path, mode="r+")
    except FileNotFoundError:
        return None
    except PermissionError as error:
        raise _denied(path) from error
    except (ValueError, TypeError, KeyError) as error:
        log.warning("The cached features in %s cannot be read (%s): computing them again", path, error)
        shutil.rmtree(path)
        return None


def _read(path: Path, rows: np.ndarray, part: str = "") -> np.ndarray | None:
    """These rows (n,), sorted, as (n, d) float32 with nan for missing ones; None if there is no entry."""
    array = _open(path)
    return None if array is None else _read_rows(array, rows, *_columns(array, part))


def _read_rows(array: Any, rows: np.ndarray, first: int = 0, end: int | None = None) -> np.ndarray:
    """These rows (n,), sorted, from the first column up to the end, (n, d) float32, with nan for missing ones."""
    columns = slice(first, array.shape[1] if end is None else end)
    values = np.empty((len(rows), columns.stop - columns.start), np.float32)
    for start in np.unique(rows // CHUNK) * CHUNK:
        inside = slice(*np.searchsorted(rows, [start, start + CHUNK]))
        values[inside] = _read_chunk(array, start)[rows[inside] - start, columns]
    return values


def _columns(array: Any, part: str) -> tuple[int, int]:
    if not part:
        return 0, array.shape[1]
    outputs = _parts(array)
    if part not in outputs:
        raise BackboneError(f"There is no output {part!r}", f"one of {', '.join(outputs)}", closest(part, outputs))
    return outputs[part]


def _parts(array: Any) -> dict[str, tuple[int, int]]:
    return {name: (first, end) for name, (first, end) in array.attrs.get("parts", {}).items()}


def _count(path: Path, rows: np.ndarray) -> int:
    """How many of these rows (n,), sorted, are computed."""
    count = 0
    for start in map(int, np.unique(rows // CHUNK) * CHUNK):
        first, end = np.searchsorted(rows, [start, start + CHUNK])
        with suppress(FileNotFoundError):  # none of this chunk is
            try:
                written = (path / "c" / str(start // CHUNK) / "0").stat().st_mtime_ns
            except PermissionError as error:
                raise _denied(path) from error
            count += int(_computed(path, start, written)[rows[first:end] - start].sum())
    return count


@functools.lru_cache(maxsize=4096)
def _computed(path: Path, start: int, written: int) -> np.ndarray:
    """Which rows of the chunk that starts at this one are computed, (CHUNK,); read again if it was written since."""
    computed = np.zeros(CHUNK, bool)
    if (array := _open(path)) is not None:
        values = _read_chunk(array, start)[:, 0]
        computed[: len(values)] = ~np.isnan(values)
    return computed


def _read_chunk(array: Any, start: int) -> np.ndarray:
    """The chunk that starts at this row, (up to CHUNK, d); all nan if it was never written or is corrupt."""
    try:
        return array[start : start + CHUNK]
    except PermissionError as error:
        raise _denied(array.store_path) from error
    except (ValueError, RuntimeError) as error:  # a wrong checksum, a truncated file
        log.warning("Rows %d to %d of %s are corrupt (%s)", start, start + CHUNK - 1, array.store_path, error)
        return _nothing(min(CHUNK, array.shape[0] - start), array)


def _denied(entry: object) -> ConfigError:
    return ConfigError(f"The cached features in {entry} are not readable by this user", "", storage.ALLOW)


def _nothing(size: int, array: Any) -> np.ndarray:
    """A chunk of which no row is known, (size, d)."""
    return np.full((size, array.shape[1]), np.nan, np.float32)


def _entry(path: Path) -> Entry | None:
    """The metadata of an entry, read without Zarr; None while it is made or removed, and for anything else."""
    try:
        header = json.loads((path / "zarr.json").read_text())
        size = sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
        last_used = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        attributes, (images, dim) = header["attributes"], header["shape"]
        name: str = attributes["backbone"]
        return Entry(
            path=path,
            backbone=backbones.RENAMED.get(name, name),
            dataset=attributes["dataset_name"],
            input_size=attributes["input_size"],
            images=images,
            dim=dim,
            bytes=size,
            created=datetime.fromisoformat(attributes["created"]),
            last_used=last_used,
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None
