"""Routes served next to Streamlit's pages: maps, columns, thumbnails and the map view's modules.

Every URL contains a key or digest of its content, so browsers may cache responses forever.
"""

import functools
import hashlib
import io
import re
from http import HTTPStatus
from pathlib import Path

import numpy as np
from PIL import Image
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from core import arrays, people
from core.data.datasets import Dataset
from core.errors import LabError
from core.maps import store

FOREVER = {"Cache-Control": "private, max-age=31536000, immutable"}
KEY = re.compile(r"[0-9a-f]{16}")
SIDES = range(8, 129)  # pixels of a thumbnail
PER_LINE = 16  # thumbnails in a line of a sheet
MOST = 512  # thumbnails on a sheet
MODULES = Path(__file__).parent / "js"  # what the browser runs: ES modules and a style


@functools.cache
def modules() -> dict[str, str]:
    """Name -> content of every file of the map view that the browser may request."""
    return {path.name: path.read_text(encoding="utf-8") for path in sorted(MODULES.iterdir()) if path.is_file()}


@functools.cache
def version() -> str:
    """Digest of all modules, which import each other by relative URL and so must be of the same version."""
    return hashlib.sha256("\0".join(modules().values()).encode()).hexdigest()[:16]


def positions(request: Request) -> Response:
    """A map (n, dims): n and dims as little-endian uint32, then the positions as float32."""
    from dashboard import server

    key = _named(request, "key")
    try:
        people.require("see", server.maps.owner(key))
    except LabError as error:
        raise HTTPException(HTTPStatus.NOT_FOUND, str(error)) from error
    path = store.positions_path(key)
    try:
        points = arrays.read(path or Path())
    except (OSError, ValueError) as error:
        raise HTTPException(HTTPStatus.NOT_FOUND, "This map no longer exists. Draw it again.") from error
    header = np.array(points.shape, "<u4").tobytes()
    return _answer(header + np.ascontiguousarray(points, "<f4").tobytes())


def parcel(request: Request) -> Response:
    """The rows or a column of a map that a page shows."""
    from dashboard import server

    content = server.blobs.shared().get(_named(request, "digest"))
    if content is None:
        raise HTTPException(HTTPStatus.NOT_FOUND, "The server was restarted. Reload the page.")
    return _answer(content)


def thumbnails(request: Request) -> Response:
    """One PNG with images of a dataset by row id, 16 in a line, in the order of `rows`."""
    dataset = _dataset(request.path_params["dataset"], request.path_params["fingerprint"])
    rows = _numbers(request.query_params.get("rows", ""))
    side = _numbers(request.query_params.get("side", "32"))
    if not 0 < len(rows) <= MOST or len(side) != 1 or side[0] not in SIDES:
        raise HTTPException(HTTPStatus.BAD_REQUEST, f"Request 1 to {MOST} rows, at a side of 8 to 128 pixels.")
    if max(rows) >= len(dataset.labels):
        raise HTTPException(HTTPStatus.NOT_FOUND, f"{dataset.title} has {len(dataset.labels)} images.")
    picture = io.BytesIO()
    Image.fromarray(sheet(dataset.images, rows, side[0])).save(picture, "PNG", compress_level=1)
    return _answer(picture.getvalue(), "image/png")


def module(request: Request) -> Response:
    """A file of the map view."""
    text = modules().get(request.path_params["name"])
    if text is None or request.path_params["version"] != version():
        raise HTTPException(HTTPStatus.NOT_FOUND, "This program was updated. Reload the page.")
    kind = "text/css" if request.path_params["name"].endswith(".css") else "text/javascript"
    return _answer(text.encode(), kind)


def sheet(images: np.ndarray, rows: list[int], side: int) -> np.ndarray:
    """Images (n, s, s, 3) of some rows side by side, 16 in a line, (h, w, 3) uint8; unused space is black."""
    tiles = [_resized(images[row], side) for row in rows]
    columns = min(len(tiles), PER_LINE)
    lines = -(-len(tiles) // PER_LINE)
    grid = np.zeros((lines, columns, side, side, 3), np.uint8)
    for index, tile in enumerate(tiles):
        grid[index // PER_LINE, index % PER_LINE] = tile
    return grid.swapaxes(1, 2).reshape(lines * side, columns * side, 3)


ROUTES = [
    Route("/lab/maps/{key}.bin", positions),
    Route("/lab/parcels/{digest}.bin", parcel),
    Route("/lab/thumbnails/{dataset}/{fingerprint}", thumbnails),
    Route("/lab/map_view/{version}/{name}", module),
]


def _answer(content: bytes, kind: str = "application/octet-stream") -> Response:
    return Response(content, media_type=kind, headers=FOREVER)


def _named(request: Request, name: str) -> str:
    """A key or digest from the URL, checked so that it cannot name another file."""
    text = request.path_params[name]
    if not KEY.fullmatch(text):
        raise HTTPException(HTTPStatus.NOT_FOUND, "There is nothing at this address.")
    return text


def _dataset(name: str, fingerprint: str) -> Dataset:
    from dashboard import server

    try:
        dataset = server.datasets.get(name)
    except LabError as error:
        raise HTTPException(HTTPStatus.NOT_FOUND, str(error)) from error
    if dataset.fingerprint != fingerprint:
        raise HTTPException(HTTPStatus.NOT_FOUND, f"{dataset.title} has changed since. Reload the page.")
    return dataset


def _numbers(text: str) -> list[int]:
    """1,2,3 -> [1, 2, 3]; anything else -> []."""
    return [int(part) for part in text.split(",")] if re.fullmatch(r"\d{1,9}(,\d{1,9})*", text, re.ASCII) else []


def _resized(image: np.ndarray, side: int) -> np.ndarray:
    if image.shape[0] == side:
        return image
    enlarging = image.shape[0] < side
    return np.asarray(
        Image.fromarray(image).resize((side, side), Image.Resampling.NEAREST if enlarging else Image.Resampling.BOX)
    )
