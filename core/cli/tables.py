"""Tables in files."""

import os
from pathlib import Path

import pandas as pd

from core import quoting
from core.errors import ConfigError

EXPECTED = "a file in a folder that can be written"


def check(path: Path) -> None:
    """Raise ConfigError for a file that cannot be written, before what would be written is computed."""
    folder = path.resolve().parent
    if path.is_dir() or not folder.is_dir() or not os.access(path if path.exists() else folder, os.W_OK):
        raise ConfigError(f"{path} cannot be written", EXPECTED)


def write(table: pd.DataFrame, path: Path) -> None:
    """Write a table as CSV. Raises ConfigError if it cannot be written."""
    try:
        path.write_bytes(quoting.csv(table, floats="%.6f"))
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror}", EXPECTED) from error
