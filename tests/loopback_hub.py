"""A server on this machine that speaks Hugging Face's protocol, with the faults that a network has.

    http://127.0.0.1:PORT/OWNER/NAME/resolve/main/FILE   describes a file and, as the hub does, redirects large ones
    http://localhost:PORT/blobs/SHA-256                  the content, from another host

`python -m tests.loopback_hub FOLDER OWNER/NAME` serves a folder, slowly, to look at a download.
"""

import contextlib
import hashlib
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from core import settings

TOY, REPOSITORY = settings.ASSETS / "toy_clip", "openai/clip-vit-base-patch32"
LARGE = (".safetensors", ".bin")
BLOCK = 1 << 16  # bytes


class Hub(ThreadingHTTPServer):
    """Serves files by `owner/name/file`; what it did, and the faults it is to have, are its attributes."""

    def __init__(self, files: dict[str, bytes], port: int = 0):
        super().__init__(("127.0.0.1", port), Handler)
        self.files = files
        self.blobs = {hashlib.sha256(content).hexdigest(): content for content in files.values()}
        self.starts: list[int] = []  # of a large file, for each request: the first byte that was asked for
        self.tokens: dict[str, set[str | None]] = {"hub": set(), "blobs": set()}
        self.refusals: list[tuple[int, dict[str, str]]] = []  # status and headers of the next answers
        self.cut = 0  # bytes after which the next answer with a large file ends
        self.damaged = False
        self.pause = 0.0  # seconds between two blocks

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request, client_address) -> None:
        """The receiver has ended."""


class Handler(BaseHTTPRequestHandler):
    server: Hub

    def do_HEAD(self) -> None:
        self.describe()

    def do_GET(self) -> None:
        path = self.path.removeprefix(self.server.url)  # a proxy is asked for a whole address
        if path.startswith(("/blobs/", f"http://localhost:{self.server.server_port}/blobs/")):
            self.send_blob(path.rpartition("/")[2])
        else:
            self.describe()

    def describe(self) -> None:
        server = self.server
        server.tokens["hub"].add(self.headers["Authorization"])
        if server.refusals:
            self.answer(*server.refusals.pop(0))
            return
        name = self.path.partition("://")[2].partition("/")[2] or self.path.lstrip("/")
        name = name.replace("/resolve/main/", "/")
        if name not in server.files:
            self.answer(404, {"X-Error-Code": "EntryNotFound"})
            return
        content, commit = server.files[name], {"X-Repo-Commit": "3d74acf" + 33 * "0"}
        if name.endswith(LARGE):
            digest = hashlib.sha256(content).hexdigest()
            linked = {"X-Linked-Etag": f'"{digest}"', "X-Linked-Size": str(len(content))}
            place = f"http://localhost:{server.server_port}/blobs/{digest}"
            self.answer(302, commit | linked | {"Location": place, "Content-Length": "0"})
            return
        blob = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
        self.answer(200, commit | {"ETag": f'"{blob}"', "Content-Length": str(len(content))})
        if self.command == "GET":
            self.wfile.write(content)

    def send_blob(self, digest: str) -> None:
        server = self.server
        server.tokens["blobs"].add(self.headers["Authorization"])
        content = server.blobs[digest]
        start = int((self.headers["Range"] or "bytes=0-").removeprefix("bytes=").rstrip("-"))
        server.starts.append(start)
        ranged = {"Content-Range": f"bytes {start}-{len(content) - 1}/{len(content)}"} if start else {}
        self.answer(206 if start else 200, ranged | {"Content-Length": str(len(content) - start)})
        end, server.cut = start + server.cut if server.cut else len(content), 0
        for first in range(start, end, BLOCK):
            block = content[first : min(first + BLOCK, end)]
            self.wfile.write(bytes(len(block)) if server.damaged else block)
            time.sleep(server.pause)

    def answer(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": "0", **headers}.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, *_) -> None:
        pass


@contextlib.contextmanager
def running(files: dict[str, bytes]) -> Iterator[Hub]:
    """A hub that serves these files."""
    with Hub(files) as hub:
        threading.Thread(target=hub.serve_forever, args=(0.01,), daemon=True).start()
        yield hub
        hub.shutdown()


def folder(path: Path, repository: str) -> dict[str, bytes]:
    """The files of a folder as those of a repository."""
    return {f"{repository}/{file.name}": file.read_bytes() for file in path.iterdir()}


if __name__ == "__main__":
    with Hub(folder(Path(sys.argv[1]), sys.argv[2]), 8650) as slow:
        slow.pause = 0.02
        slow.serve_forever()
