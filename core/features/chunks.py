"""An entry of the cache: one Zarr array in checked chunks of rows, written behind the pass.

A missing row reads as nan.
"""

import functools
import logging
import shutil
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from core import backbones, settings, storage
from core.errors import BackboneError, ConfigError, closest
from core.features.keys import Key

CHUNK = 512  # rows; at most this many, and the chunks that wait, are lost when an extraction is killed
WRITERS = 4  # threads that compress and write chunks
WAITING = 16  # chunks that may wait for them, 64 MB of 2,048 numbers an image

log = logging.getLogger(__name__)


def path_of(key: Key) -> Path:
    """The folder of an entry, which may not exist."""
    return folder() / f"{backbones.get(key.backbone).stored_name}-{key.input_size}px-{key.digest}.zarr"


def folder() -> Path:
    """The folder of the cache."""
    return settings.folder("features")


def create(path: Path, shape: tuple[int, int], key: Key, dataset: str, parts: dict[str, tuple[int, int]]) -> Any:
    """The array of a new entry, of which no row is known.

    Args:
        shape: Images of the dataset, and numbers of each.
        parts: Output of the network -> its first column, and the one after its last.
    """
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


def opened(path: Path) -> Any | None:
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


def read(path: Path, rows: np.ndarray, part: str = "") -> np.ndarray | None:
    """These rows (n,), sorted, as (n, d) float32 with nan for missing ones; None if there is no entry."""
    array = opened(path)
    return None if array is None else rows_of(array, rows, *columns_of(array, part))


def rows_of(array: Any, rows: np.ndarray, first: int = 0, end: int | None = None) -> np.ndarray:
    """These rows (n,), sorted, from the first column up to the end, (n, d) float32, with nan for missing ones."""
    columns = slice(first, array.shape[1] if end is None else end)
    values = np.empty((len(rows), columns.stop - columns.start), np.float32)
    for start in np.unique(rows // CHUNK) * CHUNK:
        inside = slice(*np.searchsorted(rows, [start, start + CHUNK]))
        values[inside] = _read_chunk(array, start)[rows[inside] - start, columns]
    return values


def columns_of(array: Any, part: str) -> tuple[int, int]:
    """The first column of an output, and the one after its last; of all outputs for ""."""
    if not part:
        return 0, array.shape[1]
    outputs = _parts(array)
    if part not in outputs:
        raise BackboneError(f"There is no output {part!r}", f"one of {', '.join(outputs)}", closest(part, outputs))
    return outputs[part]


def count_of(path: Path, rows: np.ndarray) -> int:
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


class Writer:
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


def _parts(array: Any) -> dict[str, tuple[int, int]]:
    return {name: (first, end) for name, (first, end) in array.attrs.get("parts", {}).items()}


@functools.lru_cache(maxsize=4096)
def _computed(path: Path, start: int, written: int) -> np.ndarray:
    """Which rows of the chunk that starts at this one are computed, (CHUNK,); read again if it was written since."""
    computed = np.zeros(CHUNK, bool)
    if (array := opened(path)) is not None:
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


def _nothing(size: int, array: Any) -> np.ndarray:
    """A chunk of which no row is known, (size, d)."""
    return np.full((size, array.shape[1]), np.nan, np.float32)


def _denied(entry: object) -> ConfigError:
    return ConfigError(f"The cached features in {entry} are not readable by this user", "", storage.ALLOW)
