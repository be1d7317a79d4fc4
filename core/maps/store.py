"""Maps on disk: `maps/<key>/` in the home folder, each folder one map.

    map.json         config, quality, seconds, hardware and date
    rows.npy         (n,) int64, row ids, ascending
    positions.npy    (n, dims) float32
    model.npz        plain arrays needed to place new images on the map

A folder is written under a temporary name and renamed when complete. Nothing here imports anything heavy.
"""

import json
import logging
import shutil
import tempfile
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from pathlib import Path

import numpy as np

from core import arrays, people, settings, storage
from core.errors import ConfigError, LabError, WeightsError
from core.maps import config as map_config
from core.maps.config import MapConfig
from core.progress import Report

ABANDONED = 86_400  # seconds after which a half-written map is considered abandoned
ARRAYS = ("rows", "positions")

log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Map:
    """A map and how it was made."""

    key: str
    config: MapConfig
    rows: np.ndarray  # (n,) int64, ascending
    positions: np.ndarray  # (n, dims) float32
    quality: dict[str, float]  # as `quality.judge` names them
    explained: tuple[float, ...]  # fraction of the variance along each principal component, largest first
    seconds: dict[str, float]  # extract, reduce, map, judge
    hardware: str
    created: datetime
    notes: tuple[str, ...]  # remarks to show, such as what was left out and why


@dataclass(frozen=True)
class StoredMap:
    """A map on disk, as listed for housekeeping."""

    key: str
    path: Path
    config: MapConfig
    images: int
    bytes: int
    created: datetime


def find(config: MapConfig) -> Map | None:
    """The map if it has been computed before, else None; imports nothing heavy.

    Raises:
        LabError: The dataset or the run of the source no longer exists.
    """
    try:
        return read(map_config.key(config))
    except WeightsError:  # weights are downloaded when the map is computed
        return None


def read(key: str) -> Map | None:
    """The map of this key; None if it is missing or damaged."""
    path = _path(key)
    try:
        metadata = json.loads((path / "map.json").read_text())
        rows, positions = arrays.read(path / "rows.npy"), arrays.read(path / "positions.npy")
        stored = Map(
            **metadata
            | {
                "config": map_config.from_json(metadata["config"]),
                "explained": tuple(metadata["explained"]),
                "notes": tuple(metadata["notes"]),
                "created": datetime.fromisoformat(metadata["created"]),
            },
            rows=rows,
            positions=positions,
        )
        if positions.shape != (len(rows), stored.config.dims):
            raise ValueError(f"positions {positions.shape} of {len(rows)} rows")
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, ConfigError) as error:
        log.warning("The map in %s cannot be read (%s): it has to be computed again", path, error)
        return None
    return stored


def positions_path(key: str) -> Path | None:
    """The file of the positions (n, dims) float32, in NumPy's format; None if there is no such map."""
    path = _path(key) / "positions.npy"
    return path if path.is_file() else None


def entries() -> list[StoredMap]:
    """The maps on disk, newest first."""
    stored = []
    for path in settings.folder("maps").iterdir():
        try:
            metadata = json.loads((path / "map.json").read_text())
            stored.append(
                StoredMap(
                    key=path.name,
                    path=path,
                    config=map_config.from_json(metadata["config"]),
                    images=len(arrays.read(path / "rows.npy", mapped=True)),
                    bytes=sum(file.stat().st_size for file in path.iterdir()),
                    created=datetime.fromisoformat(metadata["created"]),
                )
            )
        except (OSError, ValueError, KeyError, TypeError, ConfigError):
            continue  # a lock file, a map being written, or a damaged one
    return sorted(stored, key=lambda entry: entry.created, reverse=True)


def clear() -> int:
    """Remove every map; returns the bytes freed. Raises AccessError for a learner."""
    people.require("clear caches")
    freed = 0
    for path in settings.folder("maps").iterdir():
        if path.is_dir() and not path.name.startswith("."):
            freed += sum(file.stat().st_size for file in path.iterdir())
            shutil.rmtree(path)
    return freed


def model(key: str) -> dict[str, np.ndarray] | None:
    """The arrays stored with the map for placing new images; None if there are none."""
    try:
        return arrays.read_all(_path(key) / "model.npz")
    except (OSError, ValueError):
        return None


def write(made: Map, model: Mapping[str, np.ndarray]) -> None:
    """Store a map and the arrays needed to place new images on it."""
    root = settings.folder("maps")
    _sweep(root)
    folder = Path(tempfile.mkdtemp(prefix=".new-", dir=root))
    try:
        for name in ARRAYS:
            np.save(folder / f"{name}.npy", getattr(made, name))
        np.savez(folder / "model.npz", **model)  # pyright: ignore[reportArgumentType]
        metadata = {f.name: getattr(made, f.name) for f in fields(made) if f.name not in ARRAYS}
        metadata |= {"config": asdict(made.config), "created": made.created.isoformat()}
        (folder / "map.json").write_text(json.dumps(metadata))
        folder.chmod(0o755)
        path = _path(made.key)
        if path.exists():  # a damaged map
            shutil.rmtree(path)
        folder.rename(path)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def locked(key: str, report: Report) -> AbstractContextManager[None]:
    """Let one process at a time compute a map; the others report that they are waiting."""
    return storage.locked(settings.folder("maps") / f".{key}.lock", report)


def _path(key: str) -> Path:
    if len(key) != 16 or not set(key) <= set("0123456789abcdef"):
        raise LabError(f"{key!r} is not the key of a map", "16 hexadecimal digits")
    return settings.folder("maps") / key


def _sweep(root: Path) -> None:
    """Remove what killed processes left half-written."""
    for path in root.glob(".new-*"):
        if time.time() - path.stat().st_mtime > ABANDONED:
            shutil.rmtree(path, ignore_errors=True)
