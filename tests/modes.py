"""The modes of files bind a thread as they bind users, also where it is root's: tests often run as root."""

import ctypes
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_VERSION = 0x20080522  # of capget(2) and capset(2)
_OVERRIDE = 1 << 1 | 1 << 2  # CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH, which open any file


@contextmanager
def denied(path: Path) -> Iterator[None]:
    """Nobody may read or write a file or folder."""
    mode = path.stat().st_mode
    path.chmod(0)
    try:
        with _bound():
            yield
    finally:
        path.chmod(mode)


@contextmanager
def _bound() -> Iterator[None]:
    """This thread, and those that it begins meanwhile, may open what a user may."""
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        yield
        return
    libc = ctypes.CDLL(None, use_errno=True)
    header, sets = (ctypes.c_uint32 * 2)(_VERSION, 0), (ctypes.c_uint32 * 6)()  # sets[0]: the effective ones

    def call(function: str) -> None:
        if getattr(libc, function)(header, sets):
            raise OSError(ctypes.get_errno(), function)

    call("capget")
    before, sets[0] = sets[0], sets[0] & ~_OVERRIDE
    call("capset")
    try:
        yield
    finally:
        sets[0] = before
        call("capset")
