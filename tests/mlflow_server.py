"""A server on this machine that speaks as much of MLflow's protocol as one run needs, and can cease to answer."""

import contextlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from core.runs import connection

PREFIX = "/api/2.0/mlflow/"


class Server(ThreadingHTTPServer):
    """Notes what it is asked and what it has done; what comes while it is frozen is done afterwards."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[str] = []  # such as "runs/create"
        self.done: list[str] = []
        self.refused: set[str] = set()  # while it is frozen: all, if there are none
        self.failing: dict[str, int] = {}  # request -> the status of the error that it gets
        self.runs: list[dict] = []  # that a search finds
        self.thawed = threading.Event()
        self.thawed.set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request, client_address) -> None:
        """The client has given up."""


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.answer({})

    def do_POST(self) -> None:
        self.answer(json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or "{}"))

    def answer(self, question: dict[str, Any]) -> None:
        request = urlsplit(self.path).path.removeprefix(PREFIX)
        self.server.asked.append(request)
        if not self.server.thawed.is_set() and (not self.server.refused or request in self.server.refused):
            self.server.thawed.wait(60)
        self.server.done.append(request)
        status = self.server.failing.get(request, 200)
        found = self.found(question) if request == "runs/search" else ANSWERS.get(request, {})
        content = json.dumps(found if status == 200 else FAILURE).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def found(self, question: dict[str, Any]) -> dict[str, Any]:
        """A page of the runs; its token is where the next one begins."""
        first, end = int(question.get("page_token", 0)), len(self.server.runs)
        after = min(first + question["max_results"], end)
        return {"runs": self.server.runs[first:after], "next_page_token": str(after) if after < end else ""}

    def log_message(self, format: str, *args: Any) -> None:
        """Print nothing."""


FAILURE = {"error_code": "INVALID_PARAMETER_VALUE", "message": "The request timed out"}
RUN = {"info": {"run_id": "a" * 32, "experiment_id": "1", "status": "RUNNING", "lifecycle_stage": "active"}, "data": {}}
ANSWERS = {
    "experiments/get-by-name": {
        "experiment": {"experiment_id": "1", "name": connection.EXPERIMENT, "lifecycle_stage": "active"}
    },
    "runs/create": {"run": RUN},
    "runs/get": {"run": RUN},
}


@contextlib.contextmanager
def running() -> Iterator[Server]:
    with Server() as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        try:
            yield server
        finally:
            server.thawed.set()
            server.shutdown()
