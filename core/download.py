"""Downloads: one file over HTTP, with a time-out, progress, cancellation and a checksum, put in place only when whole.

Not `keras.utils.get_file`, which has no time-out and cannot be cancelled, nor pooch, which has no time-out for a host
as a whole (it tries each of its addresses in turn) and takes a connection that closes early for the end of the file.
"""

import hashlib
import threading
import time
import urllib.request
import uuid
from concurrent.futures import Future
from http.client import HTTPException
from pathlib import Path
from typing import BinaryIO

from core import settings, storage
from core.progress import Progress, Report, silent

TIMEOUT = 10  # seconds without an answer, or without a further byte
REPORT_EVERY = 0.25  # seconds
BLOCK = 1 << 18  # bytes
SCRATCH = ".download-"


class DownloadError(Exception):
    """Why a file could not be downloaded, in a few words for callers to build their message from."""


def fetch(url: str, path: Path, checksum: str | None = None, report: Report = silent) -> None:
    """Download to `path`. Nothing is left behind by a download that fails or is cancelled; `sweep` removes what a
    process that was killed left.

    Args:
        checksum: The file's MD5, or its SHA-256 if it is 64 digits long; None: not checked.

    Raises:
        DownloadError: No connection, no answer, a connection that broke, a wrong checksum, or no room on the disk.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        storage.sweep(path.parent, SCRATCH)
        scratch = path.parent / f"{SCRATCH}{uuid.uuid4().hex[:12]}"
        with storage.scratch(scratch):
            partial = scratch / path.name
            with partial.open("wb") as file, _open(url) as response:
                received = _copy(response, file, checksum, report)
            if checksum not in (None, received):
                raise DownloadError(f"the download is damaged: its checksum is {received} instead of {checksum}")
            partial.replace(path)
    except (OSError, HTTPException) as error:  # URLError and time-outs are OSErrors
        reason = getattr(error, "reason", None) or str(error) or f"no answer in {TIMEOUT} seconds"
        raise DownloadError(str(reason)) from error


def sweep() -> None:
    """Remove what the downloads of processes that no longer exist have left."""
    for folder in (settings.home() / "weights", settings.keras_home()):
        storage.sweep(folder, SCRATCH)


def _open(url: str):
    """`urlopen`, with `TIMEOUT` for the host as a whole rather than for each of its addresses."""
    response: Future = Future()

    def request() -> None:
        try:
            response.set_result(urllib.request.urlopen(url, timeout=TIMEOUT))
        except Exception as error:
            response.set_exception(error)

    threading.Thread(target=request, daemon=True).start()
    return response.result(TIMEOUT)


def _copy(response, file: BinaryIO, checksum: str | None, report: Report) -> str:
    """Copy the response to the file; returns its checksum, in hexadecimal."""
    received = hashlib.sha256() if checksum and len(checksum) == 64 else hashlib.md5(usedforsecurity=False)
    total, done = int(response.headers.get("Content-Length") or 0), 0
    started = reported = time.monotonic()
    report(Progress("download", 0, total, "bytes"))
    while block := response.read(BLOCK):
        file.write(block)
        received.update(block)
        done += len(block)
        now = time.monotonic()
        if now - reported > REPORT_EVERY or done == total:
            rate = done / max(now - started, 1e-3)
            report(Progress("download", done, total, "bytes", rate, (total - done) / rate if total else None))
            reported = now
    if total and done != total:
        raise OSError(f"the connection closed after {done:,} of {total:,} bytes")
    return received.hexdigest()
