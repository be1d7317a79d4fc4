"""Everything a person made, in one zip that is written while it is sent, one run at a time:

runs.csv, runs.json       all runs, with their settings and numbers
report.html               the newest of them compared
RUN/                      each tested run: result.json, confusion.csv, predictions.csv, report.html, and its code
left-out.txt              what could not be written, and why
"""

import asyncio
import io
import json
import logging
import zipfile
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from dataclasses import asdict
from functools import partial
from http import HTTPStatus

import streamlit as st
from anyio import to_thread
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from core import people, quoting, runs
from core.errors import LabError
from core.export.script import script
from core.runs import RunRow
from dashboard.state import prefix

PATH = "/lab/work.zip"
TITLE = "All your runs as a zip"
HEADERS = {"content-disposition": 'attachment; filename="backbone-lab.zip"', "cache-control": "no-store"}
TWICE = "Your runs are being written to a zip already. Wait until that download has ended.\n"

Write = Callable[[], str | bytes]  # makes the content of a file

logger = logging.getLogger(__name__)

_turn = asyncio.Lock()  # one file at a time, of whomever: a class asks for its zips in the same minute
_under_way: set[str | None] = set()  # people whose zip is being written


def link() -> None:
    """A button that downloads it."""
    st.link_button(
        TITLE,
        prefix.get() + PATH,
        icon=":material/folder_zip:",
        help="Their results as CSV and JSON, a report, and each as a script and a notebook",
    )


def download(request: Request) -> Response:
    """The zip of the visitor's own runs."""
    from dashboard import server  # here, as in `map_view.routes`: the server loads this before it has pages

    try:
        own = server.runs.own()
    except LabError as error:
        return PlainTextResponse(f"{error}\n", HTTPStatus.SERVICE_UNAVAILABLE)
    return Download(zipped(parts(own)), media_type="application/zip", headers=HEADERS)


ROUTES = [Route(PATH, download, methods=["GET"])]


class Download(StreamingResponse):
    """A zip, unless the same person's is being written."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        person = people.current_person()
        if person in _under_way:
            await PlainTextResponse(TWICE, HTTPStatus.TOO_MANY_REQUESTS)(scope, receive, send)
            return
        _under_way.add(person)
        try:
            await super().__call__(scope, receive, send)
        finally:
            _under_way.discard(person)


def parts(own: Sequence[RunRow]) -> Iterator[tuple[str, Write]]:
    """The files of the zip by name."""
    from dashboard.run import export

    yield "runs.csv", lambda: quoting.csv(runs.table(own))
    yield "runs.json", lambda: quoting.json_rows(runs.table(own), indent=1)
    tested = [run for run in own if run.has_result]
    if tested:
        yield "report.html", partial(_report, *(run.id for run in tested[: export.MOST]))
    for run in tested:
        for name, write in PARTS.items():
            yield f"{export.stem(run)}/{name}", partial(write, run.id)


async def zipped(files: Iterable[tuple[str, Write]]) -> AsyncIterator[bytes]:
    """A zip of files in pieces, written in a thread, no more than one file in memory; it names those that fail."""
    pieces, left_out = _Pieces(), []
    with zipfile.ZipFile(pieces, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, write in files:
            try:
                async with _turn:
                    await to_thread.run_sync(_add, archive, name, write)
            except LabError as error:  # such as a dataset that was deleted
                left_out.append(f"{name}: {error}\n")
            except Exception as error:  # the others are still worth having
                logger.exception("%s cannot be written", name)
                left_out.append(f"{name}: could not be written ({type(error).__name__})\n")
            yield pieces.take()
        if left_out:
            archive.writestr("left-out.txt", "".join(left_out))
    yield pieces.take()


def _add(archive: zipfile.ZipFile, name: str, write: Write) -> None:
    archive.writestr(name, write())


class _Pieces(io.RawIOBase):
    """A stream whose content is taken away as it is written."""

    def __init__(self):
        self._written = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, content, /) -> int:
        self._written += content
        return len(content)

    def take(self) -> bytes:
        """What was written since the last time."""
        taken = bytes(self._written)
        self._written.clear()
        return taken


def _result(run_id: str) -> str:
    run = runs.get(run_id)
    about = {"run_id": run.id, "name": run.name, "status": run.status, "created": run.created}
    return json.dumps(about | {"config": asdict(run.config), "outcome": asdict(run.tested())}, indent=1, default=str)


def _confusion(run_id: str) -> bytes:
    counts = runs.confusion(run_id)
    counts.insert(0, "true class", counts.index, allow_duplicates=True)
    return quoting.csv(counts)


def _predictions(run_id: str) -> bytes:
    """Each test image: its row, its class, the predicted one, the confidence."""
    tested, names = runs.predictions(run_id), runs.confusion(run_id).columns
    named = tested.assign(**{column: names[tested[column]] for column in ("label", "prediction")})
    return quoting.csv(named[["row", "label", "prediction", "confidence"]], floats="%.6g")


def _report(*run_ids: str) -> str:
    from dashboard.run import report

    return report.html(run_ids)


PARTS: dict[str, Callable[[str], str | bytes]] = {
    "result.json": _result,
    "confusion.csv": _confusion,
    "predictions.csv": _predictions,
    "report.html": _report,
    "script.py": lambda run_id: script.python_script(runs.get(run_id)),
    "notebook.ipynb": lambda run_id: script.notebook(runs.get(run_id)),
}
