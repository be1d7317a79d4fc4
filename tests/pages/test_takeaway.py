"""What the page of a run gives to take away: code at once, models when they have been checked, a report."""

import asyncio
import io
import json
import os
import threading
import zipfile
from collections.abc import Callable, Iterator
from functools import partial

import pandas as pd
import pytest
from anyio import to_thread
from itsdangerous import URLSafeTimedSerializer
from starlette.applications import Starlette

from core import export, people, roster, runs, settings
from core.errors import RunError
from core.runs import connection
from dashboard import middleware
from dashboard.classroom import cookie
from dashboard.run import export as export_tab
from dashboard.run import takeout
from tests import event_loop
from tests.dashboard.classroom import requests
from tests.pages.conftest import wait

pytestmark = pytest.mark.filterwarnings("ignore:Series.values returning an ndarray")  # PyArrow reads times so


def downloads(page) -> list[str]:
    return [button.label for button in page.get("download_button")]


def test_code_and_report_are_there_at_once(visit, used):
    page = visit("run", run=used[0], view=export_tab.TAB)
    assert {"Python script", "Jupyter notebook", "Report"} <= set(downloads(page))
    assert "keras.Model" in page.code[0].value


def test_a_model_is_offered_once_it_is_checked(visit, used):
    page = visit("run", run=used[0], view=export_tab.TAB)
    page.button(key="make-keras").click().run()
    wait(page, lambda: any(label.startswith("Keras (") for label in downloads(page)))
    assert any("100 test images" in caption.value for caption in page.main.caption)
    assert list((settings.home() / "exports" / used[0]).glob("*/model.keras"))


def test_an_export_that_failed_says_why_and_can_be_tried_again(visit, used, monkeypatch):
    page = visit("run", run=used[0], view=export_tab.TAB)
    monkeypatch.setattr(export.agreement, "LARGEST_GAP", -1.0)  # no model is close enough
    page.button(key="make-keras").click().run()
    wait(page, lambda: len(page.error))
    assert "does not predict what" in page.error[0].proto.title + page.error[0].value
    assert page.button(key="make-keras").label == "Export Keras"


@pytest.fixture
def zips(visit, used) -> Callable[..., requests.Answer]:
    """zips(cookie=...) asks for the zip of whoever has the cookie, as a browser does."""
    return partial(requests.ask, Starlette(routes=takeout.ROUTES, middleware=middleware.MIDDLEWARE), takeout.PATH)


def test_a_person_takes_all_their_runs_along(zips, used):
    answer = zips()
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        files = {name: archive.read(name) for name in archive.namelist()}
    table = pd.read_csv(io.BytesIO(files["runs.csv"]))
    assert sorted(table["run_id"]) == sorted(used) == sorted(run["run_id"] for run in json.loads(files["runs.json"]))
    tested = [run for run in runs.rows() if run.has_result]
    folders = {export_tab.stem(run): run for run in tested}
    assert set(files) == {"runs.csv", "runs.json", "report.html"} | {f"{f}/{p}" for f in folders for p in takeout.PARTS}
    for folder, run in folders.items():
        result = json.loads(files[f"{folder}/result.json"])
        assert result["outcome"]["accuracy"] == run.accuracy
        predictions = pd.read_csv(io.BytesIO(files[f"{folder}/predictions.csv"]))
        assert (predictions["label"] == predictions["prediction"]).mean() == pytest.approx(run.accuracy)
        counts = pd.read_csv(io.BytesIO(files[f"{folder}/confusion.csv"]), index_col=0)
        assert list(counts.index) == list(counts.columns) and counts.to_numpy().sum() == run.n_test
        compile(files[f"{folder}/script.py"], folder, "exec")
        assert json.loads(files[f"{folder}/notebook.ipynb"])["cells"]


@pytest.mark.parametrize(
    ("error", "reason"),
    [(RunError("The file is damaged"), "The file is damaged"), (OSError(5, "I/O"), "could not be written (OSError)")],
)
def test_what_cannot_be_taken_along_is_said(zips, used, monkeypatch, error, reason):
    def damaged(run_id: str) -> pd.DataFrame:
        raise error

    monkeypatch.setattr(runs, "predictions", damaged)
    with zipfile.ZipFile(io.BytesIO(zips().content)) as archive:
        left_out = archive.read("left-out.txt").decode()
        assert f"{used[0][:8]}/predictions.csv: {reason}" in left_out
        assert any(name.endswith("script.py") and used[0][:8] in name for name in archive.namelist())


@pytest.fixture
def in_a_class(monkeypatch) -> Iterator[None]:
    """The server acts for whoever a request's cookie names."""
    monkeypatch.setenv("BACKBONE_LAB_MODE", "class")
    people.set_identity(cookie.current_person)
    yield
    people.set_identity(lambda: None)


def test_in_a_class_everybody_gets_their_own_runs_and_nobody_gets_any(zips, used, in_a_class):
    with people.acting_as(people.LECTURER):
        runs.describe(used[0], name="of Ada")
    connection.connect(settings.tracking_uri())[0].set_tag(used[0], "backbone_lab.person", "Ada")
    signer = URLSafeTimedSerializer(roster.key(), salt="person")
    seats = [roster.join(roster.read().code, name) for name in ("Ada", "Ben")]
    whose = []
    for seat in seats:
        answer = zips(cookie=f"{cookie.NAME}={signer.dumps(seat)}")
        with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
            whose.append(pd.read_csv(archive.open("runs.csv"))["run_id"].tolist())
    assert whose == [[used[0]], []]
    assert zips(accept="*/*").status == 401


async def pieces_of(files: dict[str, takeout.Write]) -> list[int]:
    """The sizes of the pieces of a zip."""
    return [len(piece) async for piece in takeout.zipped(files.items())]


def test_a_zip_in_pieces_is_no_larger_in_memory_than_a_file():
    pieces = event_loop.run(pieces_of({f"{n}": partial(os.urandom, 100_000) for n in range(20)}))
    assert len(pieces) == 21 and max(pieces) < 101_000


def test_zips_that_wait_for_each_other_leave_the_threads_to_other_requests():
    others = threading.Event()

    def write() -> bytes:
        assert others.wait(300)
        return b"1"

    async def ask() -> list[list[int]]:
        to_thread.current_default_thread_limiter().total_tokens = 2
        zips = asyncio.gather(*(pieces_of({"one": write}) for _ in range(3)))
        await asyncio.sleep(0)
        await asyncio.wait_for(to_thread.run_sync(others.set), 30)
        return await zips

    assert [len(pieces) for pieces in event_loop.run(ask())] == [2, 2, 2]


def test_a_second_zip_of_a_person_is_refused_while_the_first_is_written(zips, used, monkeypatch):
    seconds = []
    monkeypatch.setitem(takeout.PARTS, "script.py", lambda run_id: seconds.append(zips()) or "")
    assert zips().status == 200
    assert {(second.status, second.text) for second in seconds} == {(429, takeout.TWICE)}
    assert zips().status == 200


def test_compare_gives_a_report_of_its_runs(visit, used):
    page = visit("compare")
    assert "Report of these 2 runs" in downloads(page)
    assert takeout.PATH in [each.proto.url for each in page.get("link_button")]
