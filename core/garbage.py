"""Imports of large libraries without garbage collection.

They make hundreds of thousands of objects that stay. Looking through these for garbage takes a sixth to a half of such
an import, and time in every later pass of the collector.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """Inside, no garbage is collected; what is there at the end is not looked at again, since all of it stays."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
        gc.freeze()
    finally:
        if enabled:
            gc.enable()
