"""How long each page takes to open and to run again: `python -m dashboard.page_times` prints one JSON object.

Streamlit's AppTest runs the pages in this process, without a browser, on the home folder of the settings.
"""

import contextlib
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from streamlit.testing.v1 import AppTest

from dashboard import server
from dashboard.server import once
from dashboard.shell import PAGES

ROOT = Path(__file__).parent.parent
POLL = 0.3  # seconds between looks whether the store is open
AGAIN = 3  # runs of each page after the first
PATIENCE = 300  # seconds for one run of a page


def measure() -> dict[str, dict[str, float]]:
    """Processor seconds of each page by name: `first`, with nothing kept of it, and `again`, in the median."""
    home = _app()
    home.run()
    while not (server.engine.settled() and server.engine.store_open()):
        time.sleep(POLL)
    return {name: _times(name) for section in PAGES.values() for name, *_ in section}


def _times(name: str) -> dict[str, float]:
    page = _app()
    if name != "home":
        page.run()
        page.switch_page(str(ROOT / "pages" / f"{name}.py"))
    times = [_seconds(page.run) for _ in range(1 + AGAIN)]
    if page.exception:
        raise RuntimeError(f"The page {name} ended with {page.exception[0].message}")
    return {"first": times[0], "again": median(times[1:])}


def _app() -> AppTest:
    return AppTest.from_file(str(ROOT / "dashboard" / "app.py"), default_timeout=PATIENCE)


def _seconds(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


if __name__ == "__main__":
    with contextlib.redirect_stdout(sys.stderr):  # what libraries print is not the result
        try:
            times = measure()
        finally:
            once.close_all()
    print(json.dumps(times))
