"""The entries of the cache, for housekeeping: listed, cleared, the least recently used removed."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from core import backbones, people, storage
from core.features import chunks


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


def entries() -> list[Entry]:
    """The entries of the cache, most recently used first."""
    listed = [_entry(path) for path in chunks.folder().glob("*.zarr")]
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
