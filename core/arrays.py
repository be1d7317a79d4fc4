"""Files of NumPy arrays, which may be damaged: none is read as a pickle, and whatever is wrong is a ValueError."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np


def read(path: Path, *, mapped: bool = False) -> np.ndarray:
    """The array of an .npy file.

    Args:
        mapped: Whether to read values only when they are looked at.

    Raises:
        OSError: The file is missing, or cannot be read at present.
        ValueError: It is damaged.
    """
    with _damage_as_value_error(path):
        return _array(np.load(path, mmap_mode="r" if mapped else None, allow_pickle=False))


def read_all(path: Path, names: Sequence[str] | None = None) -> dict[str, np.ndarray]:
    """The arrays of an .npz file by name.

    Args:
        names: Of those to read; None: all.

    Raises:
        OSError: The file is missing, or cannot be read at present.
        KeyError: An array is missing.
        ValueError: It is damaged.
    """
    with _damage_as_value_error(path), np.load(path, allow_pickle=False) as file:
        return {name: _array(file[name]) for name in (file if names is None else names)}


def _array(read: Any) -> np.ndarray:
    if not isinstance(read, np.ndarray):  # NumPy returns the bytes of what is no array, and zips as they are
        raise ValueError("no array")
    return read


@contextmanager
def _damage_as_value_error(path: Path) -> Iterator[None]:
    """A header may claim any shape (MemoryError) and be any text (TokenError); a zip fails in half a dozen ways."""
    try:
        yield
    except (OSError, KeyError):
        raise
    except Exception as error:
        raise ValueError(f"{path.name} is damaged: {error}") from error
