"""A real server on an empty home folder and a real browser, for journeys as a person makes them."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.browser.browsers import installed_browser
from tests.browser.report import MEASURED, NO_BROWSER
from tests.conftest import COMPUTED

ROOT = Path(__file__).parent.parent.parent
LOGGED_PLAINLY = "--logger.enableRich=false"  # in words that UNCAUGHT finds
UNCAUGHT = "Uncaught app execution"
STREAMLIT_RACE = "Bad delta path index"  # 1.67: two runs that reach a busy browser at once
PATIENCE = 180_000  # milliseconds for a page to show what a step leads to, on a busy machine
DRAWN = "[data-testid=stApp][data-test-script-state=notRunning]"  # a page whose script has ended
# Streamlit, without preparing UMAP, which takes each server seconds of a processor
STREAMLIT = """
from core import tasks
from streamlit.web.cli import main
tasks.warm_maps = bool
main()
"""
TWO_FRAMES = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


@dataclass(frozen=True)
class Server:
    """A running server, and what it said."""

    url: str
    log: Path


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder is a browser test."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("browser")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The installed browser, without a window; its absence is a failure in CI."""
    path = installed_browser()
    if path is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(NO_BROWSER)
    quiet = "--no-sandbox --disable-gpu --disable-background-networking --disable-component-update --disable-sync"
    shared = "--process-per-site --no-first-run"  # tabs of one context, with the scripts that are compiled there
    camera = "--use-fake-device-for-media-stream --use-fake-ui-for-media-stream"
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=f"{quiet} {camera} {shared}".split())
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def measured(pytestconfig: pytest.Config) -> dict[str, str]:
    """What took how long, by name: printed at the end and never asserted, since machines differ."""
    return pytestconfig.stash.setdefault(MEASURED, {})


Dashboard = Callable[[], AbstractContextManager[Server]]


@pytest.fixture(scope="session")
def dashboard(
    browser: Browser, computed: Path, tmp_path_factory: pytest.TempPathFactory, measured: dict[str, str]
) -> Dashboard:
    """dashboard() is a server on a home folder without runs, once its engine has started."""

    @contextmanager
    def dashboard() -> Iterator[Server]:
        folder, began = tmp_path_factory.mktemp("server"), time.monotonic()
        (folder / "home").mkdir()
        for name in (*COMPUTED, "features"):
            (folder / "home" / name).symlink_to(computed / name, target_is_directory=True)
        with started(ROOT / "dashboard" / "app.py", folder, LOGGED_PLAINLY) as server:
            page = browser.new_page()
            page.goto(server.url)
            expect(page.get_by_role("heading", name="Backbone Lab")).to_be_visible()
            measured["server start to first page"] = f"{time.monotonic() - began:.1f} s"
            expect(page.get_by_text("Starting the engine")).to_have_count(0, timeout=3 * PATIENCE)
            page.close()
            yield server

    return dashboard


@pytest.fixture(scope="session")
def server(dashboard: Dashboard) -> Iterator[Server]:
    """The server of all files that do not mind each other's runs; a file that does starts its own."""
    with dashboard() as server:
        yield server


@pytest.fixture(scope="session")
def second_server(dashboard: Dashboard) -> Iterator[Server]:
    """A server for journeys and lessons, which mind the runs of other files, but not each other's."""
    with dashboard() as server:
        yield server


@contextmanager
def started(script: Path, folder: Path, *options: str) -> Iterator[Server]:
    """A server of this script that answers, with its home in this folder; ended with its workers."""
    url, log = f"http://127.0.0.1:{free_port()}", folder / "server.log"
    options = ("--server.address=127.0.0.1", f"--server.port={url.rpartition(':')[2]}", *options)
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-c", STREAMLIT, "run", str(script), "--server.headless=true", *options],
            cwd=ROOT,
            env=os.environ | {"BACKBONE_LAB_HOME": str(folder / "home")},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait_until_it_answers(url, process, log)
        yield Server(url, log)
    finally:
        family = [*psutil.Process(process.pid).children(recursive=True), process]
        for member in family:
            member.kill()
        process.wait()


@pytest.fixture(scope="module")
def context(browser: Browser, server: Server) -> Iterator[BrowserContext]:
    """The browser of all visitors of a file. A tab that stays keeps Streamlit's scripts compiled; nothing moves."""
    context = browser.new_context(
        base_url=server.url, viewport={"width": 1400, "height": 1000}, reduced_motion="reduce"
    )
    context.set_default_timeout(PATIENCE)
    context.new_page().goto("/_stcore/health")
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext, server: Server, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A new visitor. Whatever the journey shows, neither page nor server may have had an uncaught error."""
    page = context.new_page()
    page.emulate_media(color_scheme=getattr(request, "param", "light"))
    errors = []
    context.on("weberror", note := lambda error: errors.append(str(error.error)))
    log_before = server.log.stat().st_size
    yield page
    try:
        page.evaluate("localStorage.clear()")
    finally:  # the next journey starts afresh, whatever became of this one
        for tab in context.pages[1:]:
            tab.close()
        context.clear_cookies()
        context.clear_permissions()
        context.set_offline(False)
        context.remove_listener("weberror", note)
    assert [error for error in errors if STREAMLIT_RACE not in error] == []
    new_log = server.log.read_bytes()[log_before:].decode()
    assert UNCAUGHT not in new_log, new_log


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item):
    """With a failed journey: what the page looked like, and what the server said."""
    report = yield
    if report.when == "call" and report.failed and "page" in item.funcargs:
        for number, page in enumerate(item.funcargs["page"].context.pages, start=1):
            picture = item.funcargs["tmp_path"] / f"page-{number}.png"
            page.screenshot(path=picture)
            report.sections.append((f"Page {number} at {page.url}", f"{picture}\n{page.locator('body').inner_text()}"))
        report.sections.append(("Server log", item.funcargs["server"].log.read_text()[-5000:]))
    return report


def _wait_until_it_answers(url: str, process: subprocess.Popen, log: Path) -> None:
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline and process.poll() is None:
        try:
            urllib.request.urlopen(f"{url}/_stcore/health", timeout=1)
            return
        except urllib.error.HTTPError:  # behind a path
            return
        except (urllib.error.URLError, TimeoutError):
            time.sleep(0.05)
    pytest.fail(f"the server does not answer:\n{log.read_text()}")


def next_frame(page: Page) -> None:
    """Wait until what the page was told is drawn."""
    page.evaluate(TWO_FRAMES)


def free_port() -> int:
    """A port on which nothing listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]
