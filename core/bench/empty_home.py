"""An empty home folder for benchmarks, so that nothing is cached."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core import settings


@contextmanager
def empty_home() -> Iterator[None]:
    """A home folder that contains only the datasets and weights of the real one, on the same disk."""
    before, real = os.environ.get("BACKBONE_LAB_HOME"), settings.folder(".")
    with tempfile.TemporaryDirectory(prefix="bench-", dir=real) as folder:
        for name in ("datasets", "weights"):
            Path(folder, name).symlink_to(settings.folder(name), target_is_directory=True)
        os.environ["BACKBONE_LAB_HOME"] = folder
        try:
            yield
        finally:
            if before is None:
                del os.environ["BACKBONE_LAB_HOME"]
            else:
                os.environ["BACKBONE_LAB_HOME"] = before
