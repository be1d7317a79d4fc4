"""What the browser runs of the map view: a few ES modules and a style, at an address that changes with their content.

Apart from `map_view`, since the server knows it before there is any page.
"""

import functools
import hashlib
from pathlib import Path

FOLDER = Path(__file__).parent / "js"


@functools.cache
def texts() -> dict[str, str]:
    """Name -> content of every file that the browser may ask for."""
    return {path.name: path.read_text(encoding="utf-8") for path in sorted(FOLDER.iterdir()) if path.is_file()}


@functools.cache
def version() -> str:
    """Digest of them all: modules import each other by relative addresses, so they change together."""
    return hashlib.sha256("\0".join(texts().values()).encode()).hexdigest()[:16]
