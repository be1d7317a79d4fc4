"""Text from outside, such as names of classes, datasets, files and processors, in text of another language.

All such text goes through one function for each language: these, `html.escape`, and `escaped` of the map view's
`elements.js`. Otherwise a name may become code, markup, or an address to load from.
"""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    import pandas as pd

Value = TypeVar("Value")
CSV_LINE = "\r\n"  # the end of a line of CSV: pandas quotes only line breaks that are in it, and reads both

_MARKUP = re.compile(r"[\\`*_\[\]<>#~|$&!]")
_BEGINS_A_LIST = re.compile(r"^(\d*)([-+=.)])")
_BEGINS_AN_EMOJI_OR_LINK = re.compile(r":(?=\S)|@(?=\w)|www(?=\.)", re.IGNORECASE)
_WORD_JOINER = "\u2060"  # invisible


def python(text: str) -> str:
    """A literal of Python, in double quotes where nothing needs escaping."""
    literal = repr(text)
    return f'"{text}"' if literal == f"'{text}'" and '"' not in text else literal


def docstring(text: str) -> str:
    """The inside of a Python docstring in triple double quotes, if a line break follows."""
    return text.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')


def markdown(text: str) -> str:
    """Markdown that shows a line as it is.

    It may look like emphasis, a formula, an emoji, a link, or an image that every reader's browser would load from
    another address. The word joiner keeps `:cat:` from becoming an emoji, and `www.a.example` and `a@b.example` links.
    """
    text = _BEGINS_A_LIST.sub(r"\1\\\2", _MARKUP.sub(r"\\\g<0>", text))
    return _BEGINS_AN_EMOJI_OR_LINK.sub(rf"\g<0>{_WORD_JOINER}", text)


def line(text: str) -> str:
    """One line of a file whose lines are names."""
    return " ".join(text.splitlines())


def cell(value: Any) -> Any:
    """A cell of CSV: text that a spreadsheet would take for a formula gets an apostrophe in front, as OWASP advises."""
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")) else value


def csv(table: "pd.DataFrame", *, floats: str | None = None) -> bytes:
    """A table as CSV, each text as a `cell`, also those of the first line.

    Args:
        floats: How numbers are written, such as "%.6g"; None: in full.
    """
    safe = table.map(cell).rename(columns=cell)
    return safe.to_csv(index=False, float_format=floats, lineterminator=CSV_LINE).encode()


def json_rows(table: "pd.DataFrame", *, indent: int | None = None) -> str:
    """A table as JSON, a list of its rows, with 15 decimals, of which pandas keeps ten, and nan as null."""
    return table.to_json(orient="records", date_format="iso", double_precision=15, indent=indent) or "[]"


def of_cell(text: str, values: Mapping[str, Value]) -> Value | None:
    """The value that the text of a cell stands for, with or without the apostrophe of `cell`; None if there is none."""
    return values.get(text, values.get(text.removeprefix("'")))
