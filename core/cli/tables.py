"""Tables in files."""

from pathlib import Path

import pandas as pd

from core import quoting
from core.errors import ConfigError


def write(table: pd.DataFrame, path: Path) -> None:
    """Write a table as CSV. Raises ConfigError if it cannot be written."""
    try:
        path.write_bytes(quoting.csv(table, floats="%.6f"))
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be written: {error.strerror}", "a file in a folder that can be written"
        ) from error
