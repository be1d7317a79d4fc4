"""Downloads: one file over HTTP, with time-outs, progress, cancellation and a checksum, put in place only when whole.

What arrived of a file whose checksum is known is kept, and the next attempt asks for the rest.

Not `keras.utils.get_file`, which has no time-out and cannot be cancelled, nor pooch, which has no time-out for a host
as a whole (it tries each of its addresses in turn) and takes a connection that closes early for the end of the file,
nor `hf_hub_download`, which (in 2.4) begins again after a failure, checks no checksum and cannot be stopped in a wait.
"""

import hashlib
import shutil
import threading
import time
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from http.client import HTTPException
from pathlib import Path
from typing import BinaryIO, TypeVar
from urllib.error import HTTPError

from core import settings, storage
from core.progress import Progress, Report, silent

TIMEOUT = 10  # seconds without an answer, or without a further byte
REPORT_EVERY = 0.25  # seconds
BLOCK = 1 << 18  # bytes
SCRATCH = ".download-"
WAITS = (1, 2, 4, 8)  # seconds before the next attempts
LONGEST_WAIT = 60  # seconds that a server may ask for
BUSY = (408, 429, 500, 502, 503, 504)  # statuses worth another attempt

Result = TypeVar("Result")


class DownloadError(Exception):
    """Why a file could not be downloaded, in a few words for callers to build their message from.

    Args:
        status: Of the server's answer; None: it gave none, or what it sent was not the file.
    """

    def __init__(self, reason: str, status: int | None = None):
        super().__init__(reason)
        self.status = status


class TransientError(DownloadError):
    """Worth another attempt.

    Args:
        wait: The seconds that the server asks for.
        further: Whether this attempt received more of the file.
    """

    def __init__(self, reason: str, status: int | None = None, *, wait: float = 0, further: bool = False):
        super().__init__(reason, status)
        self.wait, self.further = wait, further


def fetch(url: str, path: Path, checksum: str | None = None, report: Report = silent, *, token: str = "") -> None:
    """Download to `path`. A failed or cancelled download leaves nothing, or with a checksum what has arrived so far;
    `sweep` removes what killed processes left behind.

    Args:
        checksum: The file's MD5, or its SHA-256 if it is 64 digits long; None: not checked.
        token: Shown to this host, and to none that it redirects to.

    Raises:
        DownloadError: No connection, no answer, a connection that broke, a wrong checksum, or no room on the disk.
    """
    request = urllib.request.Request(url)
    if token:
        request.add_unredirected_header("Authorization", f"Bearer {token}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _partial(path, checksum, report) as partial:
            if checksum and path.is_file() and _digest(path, checksum) == checksum:
                return  # by another process, while this one waited
            patiently(lambda: _continue(request, partial, bool(checksum), report), report)
            if checksum and (received := _digest(partial, checksum)) != checksum:
                partial.unlink()
                raise DownloadError(
                    f"the download is damaged: its checksum is {received} instead of {checksum}; try again"
                )
            partial.replace(path)
    except (OSError, HTTPException) as error:  # URLError and time-outs are OSErrors
        raise DownloadError(_reason(error)) from error


def patiently(attempt: Callable[[], Result], report: Report) -> Result:
    """The result of an attempt, retried a few times, with waits, while it raises a `TransientError`."""
    failed = 0
    while True:
        try:
            return attempt()
        except TransientError as error:
            failed = 0 if error.further else failed + 1
            if failed > len(WAITS) or error.wait > LONGEST_WAIT:
                raise
            until = time.monotonic() + (error.wait or WAITS[max(failed - 1, 0)])
        while time.monotonic() < until:
            report(Progress("retry", 0, 0))
            time.sleep(REPORT_EVERY)


def refused(status: int, reason: str, wait: str | None) -> DownloadError:
    """What an HTTP status means.

    Args:
        wait: The header Retry-After, in seconds; a date is not read.
    """
    if status in BUSY:
        return TransientError(reason, status, wait=float(wait) if wait and wait.isdigit() else 0)
    return DownloadError(reason, status)


def sweep() -> None:
    """Remove what the downloads of processes that no longer exist have left."""
    for folder in (settings.home() / "weights", settings.keras_home()):
        storage.sweep(folder, SCRATCH)


@contextmanager
def _partial(path: Path, checksum: str | None, report: Report) -> Iterator[Path]:
    """Where a file grows: with a checksum at the same place in every attempt, of one process at a time."""
    if not checksum:
        storage.sweep(path.parent, SCRATCH)
        scratch = path.parent / f"{SCRATCH}{uuid.uuid4().hex[:12]}"
        with storage.scratch(scratch):
            yield scratch / path.name
        return
    partial = path.with_name(f".{path.name}-{checksum[:12]}.part")
    lock = partial.with_suffix(".lock")
    try:
        with storage.locked(lock, report):
            for other in path.parent.glob(f".{path.name}-*.part"):  # of a version that is no longer published
                if other != partial:
                    other.unlink(missing_ok=True)
            try:
                yield partial
            finally:
                if partial.exists() and not partial.stat().st_size:
                    partial.unlink()
    finally:
        with suppress(OSError):  # Windows deletes no file that is open: another download may wait for the lock
            lock.unlink()


def _continue(request: urllib.request.Request, partial: Path, resumable: bool, report: Report) -> None:
    """Append what is missing, or begin anew where the server does not send a part."""
    start = partial.stat().st_size if partial.exists() else 0
    if start:
        request.add_header("Range", f"bytes={start}-")
    try:
        with _open(request) as response:
            expected, rest = int(response.headers.get("Content-Length") or 0), response.status == 206
            _check_room(partial.parent, expected)
            with partial.open("ab" if rest else "wb") as file:
                _copy(response, file, expected, report)
    except HTTPError as error:
        if error.code != 416:  # there is nothing after what is here; the checksum tells whether it is the file
            raise refused(error.code, _reason(error), error.headers.get("Retry-After")) from error
    except (OSError, HTTPException) as error:
        arrived = partial.stat().st_size if partial.exists() else 0
        if not (resumable and arrived) or storage.is_full(error):
            raise
        raise TransientError(_reason(error), further=arrived > start) from error


def _open(request: urllib.request.Request):
    """`urlopen`, with `TIMEOUT` for the host as a whole rather than for each of its addresses."""
    response: Future = Future()

    def answer() -> None:
        try:
            response.set_result(urllib.request.urlopen(request, timeout=TIMEOUT))
        except Exception as error:
            response.set_exception(error)

    threading.Thread(target=answer, daemon=True).start()
    return response.result(TIMEOUT)


def _check_room(folder: Path, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise DownloadError(
            f"{needed / 1e6:,.0f} MB are still to come, and the disk has {free / 1e6:,.0f} MB free: free some space"
        )


def _copy(response, file: BinaryIO, expected: int, report: Report) -> None:
    """Append the response to the file; it has `expected` bytes, or 0 if the server does not say."""
    start, done = file.tell(), 0
    total = start + expected if expected else 0
    began = reported = time.monotonic()
    report(Progress("download", start, total, "bytes"))
    while block := response.read1(BLOCK):
        file.write(block)
        done += len(block)
        now = time.monotonic()
        if now - reported > REPORT_EVERY or done == expected:
            rate = done / max(now - began, 1e-3)
            left = (expected - done) / rate if expected else None
            report(Progress("download", start + done, total, "bytes", rate, left))
            reported = now
    if expected and done != expected:
        raise OSError(f"the connection closed after {start + done:,} of {total:,} bytes")


def _digest(path: Path, checksum: str) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256" if len(checksum) == 64 else "md5").hexdigest()


def _reason(error: Exception) -> str:
    return str(getattr(error, "reason", None) or str(error) or f"no answer in {TIMEOUT} seconds")
