"""What browsers fetch by address: the right bytes, to be kept for good, and nothing else from the disk."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pytest
import streamlit as st
from PIL import Image
from starlette.applications import Starlette
from starlette.datastructures import Headers

from core.data import datasets
from dashboard import server
from dashboard.map_view import routes
from dashboard.server import once
from tests import event_loop

KEY = "0123456789abcdef"
SAMPLE = "cifar10-sample"


@dataclass(frozen=True)
class Answer:
    """What the server said."""

    status_code: int
    headers: Headers
    content: bytes

    @property
    def text(self) -> str:
        """The content, read."""
        return self.content.decode()


class Client:
    """Asks the routes, outside of any page, as a server would."""

    def __init__(self):
        self._app = Starlette(routes=routes.ROUTES)

    def get(self, path: str, query: str = "") -> Answer:
        """The answer to GET path?query; the path may be percent-encoded."""
        sent = []
        scope = {"type": "http", "method": "GET", "path": unquote(path), "query_string": query.encode(), "headers": []}

        async def receive() -> dict:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: dict) -> None:
            sent.append(message)

        event_loop.run(self._app(scope, receive, send))
        start, *bodies = sent
        content = b"".join(body.get("body", b"") for body in bodies)
        return Answer(start["status"], Headers(raw=start["headers"]), content)


@pytest.fixture
def client(home: Path) -> Iterator[Client]:
    """On an empty home folder."""
    yield Client()
    st.cache_resource.clear()
    once.close_all()


def test_a_map_comes_as_its_size_and_its_positions(client: Client, home: Path):
    points = np.arange(12, dtype="f4").reshape(4, 3)
    (home / "maps" / KEY).mkdir(parents=True)
    np.save(home / "maps" / KEY / "positions.npy", points)
    answer = client.get(f"/lab/maps/{KEY}.bin")
    assert np.frombuffer(answer.content[:8], "<u4").tolist() == [4, 3]
    np.testing.assert_array_equal(np.frombuffer(answer.content[8:], "<f4").reshape(4, 3), points)
    assert "immutable" in answer.headers["Cache-Control"]


def test_a_map_that_is_gone_or_broken_is_missed_in_words(client: Client, home: Path):
    assert client.get(f"/lab/maps/{KEY}.bin").status_code == 404
    (home / "maps" / KEY).mkdir(parents=True)
    (home / "maps" / KEY / "positions.npy").write_bytes(b"half")
    answer = client.get(f"/lab/maps/{KEY}.bin")
    assert answer.status_code == 404 and "Draw it again" in answer.text


@pytest.mark.parametrize("key", ["..", "..%2f..%2fsecret", "ABCDEF0123456789", "0" * 15, "0" * 17, "", KEY + "%00"])
def test_keys_lead_nowhere_else(client: Client, home: Path, key: str):
    (home / "maps").mkdir(parents=True)
    np.save(home / "positions.npy", np.zeros((1, 2), "f4"))
    assert client.get(f"/lab/maps/{key}.bin").status_code == 404


def test_parcels_are_what_was_put(client: Client):
    digest = server.blobs.shared().put(b"columns")
    assert client.get(f"/lab/parcels/{digest}.bin").content == b"columns"
    assert client.get(f"/lab/parcels/{KEY}.bin").status_code == 404


def test_a_sheet_shows_the_rows_that_were_asked_for_in_their_order(client: Client):
    dataset = datasets.load(SAMPLE)
    rows = [7, 2400, *range(30, 50)]
    answer = _thumbnails(client, dataset.fingerprint, ",".join(map(str, rows)), 32)
    sheet = np.asarray(Image.open(io.BytesIO(answer.content)))
    assert sheet.shape == (64, 512, 3)
    for place, row in enumerate(rows):
        line, column = divmod(place, 16)
        tile = sheet[32 * line : 32 * line + 32, 32 * column : 32 * column + 32]
        np.testing.assert_array_equal(tile, dataset.images[row])


def test_thumbnails_come_at_the_size_that_was_asked_for(client: Client):
    fingerprint = datasets.load(SAMPLE).fingerprint
    assert Image.open(io.BytesIO(_thumbnails(client, fingerprint, "1,2", 64).content)).size == (128, 64)
    assert Image.open(io.BytesIO(_thumbnails(client, fingerprint, "1,2", 16).content)).size == (32, 16)


@pytest.mark.parametrize(
    ("rows", "side", "status"),
    [
        ("", 32, 400),
        ("1;2", 32, 400),
        ("-1", 32, 400),
        ("1" * 30, 32, 400),
        (",".join("1" * 513), 32, 400),
        ("1", 4096, 400),
        ("2500", 32, 404),
    ],
)
def test_thumbnails_of_rows_that_cannot_be_are_refused(client: Client, rows: str, side: int, status: int):
    assert _thumbnails(client, datasets.load(SAMPLE).fingerprint, rows, side).status_code == status


def test_thumbnails_of_a_dataset_that_changed_or_went_are_missed(client: Client):
    answer = _thumbnails(client, "0" * 16, "1", 32)
    assert (answer.status_code, answer.text) == (404, "CIFAR-10 sample has changed since. Reload the page.")
    assert client.get("/lab/thumbnails/nothing/0", "rows=1").status_code == 404


def test_modules_are_served_at_their_version_only(client: Client):
    version = routes.version()
    answer = client.get(f"/lab/map_view/{version}/view.js")
    assert answer.headers["Content-Type"].startswith("text/javascript")
    assert "export class View" in answer.text
    assert client.get(f"/lab/map_view/{version}/map_view.css").headers["Content-Type"].startswith("text/css")
    assert client.get(f"/lab/map_view/{version}/routes.py").status_code == 404
    assert client.get(f"/lab/map_view/{version}/..%2f..%2froutes.py").status_code == 404
    assert client.get("/lab/map_view/older/view.js").status_code == 404


def _thumbnails(client: Client, fingerprint: str, rows: str, side: int) -> Answer:
    return client.get(f"/lab/thumbnails/{SAMPLE}/{fingerprint}", f"rows={rows}&side={side}")
