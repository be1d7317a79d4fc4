"""What the components that show the visitor's camera share."""

import base64
import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

from streamlit.components.v2 import component


def mount(own: Path, html: str) -> Callable[..., Any]:
    """A component with a camera: its elements, in which a `video` is, and the script and style in files beside `own`.

    Args:
        own: The module of the component; its script and style have the same name.
    """
    return component(own.stem, html=html, css=_read(own, ".css"), js=_read(own, ".js"))


@functools.cache  # a live camera is mounted for every photo
def _read(own: Path, kind: str) -> str:
    return "\n".join(file.with_suffix(kind).read_text(encoding="utf-8") for file in (Path(__file__), own))


def file(photo: Any) -> bytes:
    """The JPEG file in a data URL, as the browser says that it is; empty if it sent something else."""
    try:
        return base64.b64decode(photo.partition(",")[2])
    except (AttributeError, TypeError, ValueError):
        return b""
