"""Tables in files."""

import os
from pathlib import Path

import pandas as pd

from core import quoting, storage
from core.errors import ConfigError

EXPECTED = "a file in a folder that can be written"


def check(path: Path) -> None:
    """Raise ConfigError for a file that cannot be written, before what would be written is computed."""
    if storage.is_folder(path) or not storage.is_folder(path.parent):
        raise ConfigError(f"{path} cannot be written", EXPECTED)
    try:
        storage.check_access(path if os.path.lexists(path) else path.parent, os.W_OK)
    except PermissionError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror}", EXPECTED) from error


def write(table: pd.DataFrame, path: Path) -> None:
    """Write a table as CSV. Raises ConfigError if it cannot be written."""
    try:
        path.write_bytes(quoting.csv(table, floats="%.6f"))
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror}", EXPECTED) from error
