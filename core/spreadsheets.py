"""CSV files that people have edited, as their spreadsheet wrote them."""

import codecs
import csv
import io
from collections.abc import Sequence
from pathlib import Path

from core.errors import ConfigError

MOST_BYTES = 200_000_000  # of a file: more is another kind

_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_DELIMITERS = (",", ";", "\t")  # by the language of the system, and what is saved as text


def content(path: Path) -> bytes:
    """The bytes of a CSV file.

    Raises:
        ConfigError: It cannot be read, or is too large for one.
    """
    try:
        with path.open("rb") as stream:
            read = stream.read(MOST_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"{path} cannot be read ({error.strerror})", "a CSV file") from error
    if len(read) > MOST_BYTES:
        raise ConfigError(f"{path} has more than {MOST_BYTES / 1e6:.0f} MB", "a CSV file")
    return read


def read(content: bytes, name: str, columns: Sequence[str]) -> list[tuple[int, list[str]]]:
    """The number of each line below the header, and its texts in these columns.

    Args:
        name: The file's, in errors.

    Raises:
        ConfigError: It is not a table, or lacks a column.
    """
    try:
        text = content.decode("utf-16" if content.startswith(_UTF_16) else "utf-8-sig")
        tables = [csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter) for delimiter in _DELIMITERS]
        for table in tables:
            table.fieldnames = [name.strip() for name in table.fieldnames or ()]  # as people type them: "file, label"
        table = max(tables, key=lambda table: len(set(columns) & set(table.fieldnames or ())))
        if lacking := [column for column in columns if column not in (table.fieldnames or ())]:
            raise ConfigError(f"{name} has no column {lacking[0]!r}", f"the columns {' and '.join(columns)}")
        return [(table.line_num, [line[column] or "" for column in columns]) for line in table]
    except (UnicodeError, csv.Error) as error:
        raise ConfigError(f"{name} cannot be read: {error}", "a CSV file in UTF-8") from error
