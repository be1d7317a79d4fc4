"""Take the README's screenshots: `.venv/bin/python docs/screenshots.py [PAGE ...]`; ten minutes on 2 cores for all.

The script starts a dashboard on an empty home folder with a few small real runs, then photographs each page in the
installed Chromium, Chrome or Edge at 1366 x 768 and saves docs/images/PAGE.webp.
"""

import io
import os
import shlex
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
from PIL import Image
from playwright.sync_api import Error, Page, ViewportSize, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from core import runs  # noqa: E402
from tests.browser.browsers import installed_browser  # noqa: E402

IMAGES = ROOT / "docs" / "images"
SIZE = ViewportSize(width=1366, height=768)
MOST_BYTES = 120_000  # of an image
LONG = 600_000  # milliseconds for a computation started from a page
RUNS = (  # runs for the pages to show, from the terminal
    "run --input-size 160",
    "run --input-size 160 --method knn",
    "run --input-size 96 --method finetune --train-split finetune80 --unfreeze-count 3 --learning-rate 3e-4 --epochs 2",
    "run --backbone ToyCLIP --method zero-shot",
    "map --input-size 160 --method umap",
)


@dataclass(frozen=True)
class Shot:
    """One page: its address, the buttons to press, and what is visible when it is ready."""

    address: str
    press: tuple[str, ...] = ()  # labels of buttons, in order
    ready: str = ""  # selector of an element that must be visible
    commands: tuple[str, ...] = ()  # what the page shows, from the terminal; {run} is the newest run


CHALLENGE = (
    "challenge open cifar10-sample",
    *(
        command
        for options in ("--n-train 100", "--n-train 400 --method knn", "--n-train 800")
        for command in (f"run --dataset challenge --input-size 96 {options}", "challenge enter challenge {run}")
    ),
)
MAP = ".map-view[data-ready=yes]"
CHART = ".js-plotly-plot"
SHOTS = {
    "home": Shot("/"),
    "lessons": Shot("/lessons"),
    "data": Shot("/data"),
    "train": Shot("/train?method=finetune&input_size=96", ready=CHART),
    "run": Shot("/run", ready=CHART),
    "backbones": Shot("/backbones", ready=CHART),
    "anatomy": Shot("/anatomy?backbone=EfficientNetLite0", ready=CHART),
    "maps": Shot("/maps?input_size=160", press=("Draw the map",), ready=MAP),
    "before_after": Shot("/before_after?map=umap", press=("Draw both maps",), ready=MAP),
    "layers": Shot("/layers?layer_images=300&probe_images=500", press=("Examine the layers",), ready=MAP),
    "six_maps": Shot(
        "/six_maps?input_size=96&n_train=500&n_images=300&epochs=1",
        press=("Run the experiment", "Draw the six maps"),
        ready=MAP,
    ),
    "predict": Shot("/predict", ready=CHART),
    "zero_shot": Shot("/zero_shot"),
    "compare": Shot("/compare", ready=CHART),
    "few_shot": Shot("/few_shot?input_size=160", press=("Compute the curves",), ready=CHART),
    "robustness": Shot("/robustness", press=("Test on corrupted images",), ready=CHART),
    "challenge": Shot("/challenge", ready=CHART, commands=CHALLENGE),
}


def main(names: list[str]) -> int:
    """Photograph the named pages, or all; returns the exit code."""
    if unknown := [name for name in names if name not in SHOTS]:
        print(f"There is no page {unknown[0]!r}. Known: {', '.join(SHOTS)}", file=sys.stderr)
        return 2
    executable = installed_browser()
    if executable is None:
        print("There is no Chromium, Chrome or Edge on the path", file=sys.stderr)
        return 1
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        os.environ["BACKBONE_LAB_HOME"] = folder
        _perform(RUNS)
        with _server() as url:
            browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox", "--disable-gpu"])
            for name in names or SHOTS:
                _perform(SHOTS[name].commands)
                page = browser.new_page(base_url=url, viewport=SIZE, color_scheme="light")
                _open(page, SHOTS[name])
                path = IMAGES / f"{name}.webp"
                path.write_bytes(compressed(page.screenshot()))
                print(f"{path.relative_to(ROOT)}: {path.stat().st_size / 1000:.0f} KB", flush=True)
                page.close()
            browser.close()
    return 0


def compressed(png: bytes) -> bytes:
    """A screenshot as WebP, at the best quality that is small enough."""
    image = Image.open(io.BytesIO(png)).convert("RGB")
    for quality in range(90, 20, -10):
        buffer = io.BytesIO()
        image.save(buffer, "WEBP", quality=quality, method=6)
        if buffer.tell() <= MOST_BYTES:
            break
    return buffer.getvalue()


def _perform(commands: Sequence[str]) -> None:
    for command in commands:
        command = command.format(run=next((run.id for run in runs.rows()), ""))
        print(f"python -m core {command}", flush=True)
        subprocess.run([sys.executable, "-m", "core", *shlex.split(command)], cwd=ROOT, check=True)


def _open(page: Page, shot: Shot) -> None:
    """Open a page, press its buttons, and wait until it no longer changes."""
    page.goto(shot.address)
    page.get_by_role("heading", level=1).first.wait_for(timeout=LONG)
    page.get_by_text("Starting the engine").wait_for(state="hidden", timeout=LONG)
    _settle(page)
    for name in shot.press:
        button = page.get_by_role("button", name=name)
        button.or_(page.locator(shot.ready)).first.wait_for(timeout=LONG)
        if button.count():  # otherwise it is computed already
            button.first.click()
    if shot.ready:
        page.locator(shot.ready).first.wait_for(timeout=LONG)
    page.get_by_role("button", name="Cancel").first.wait_for(state="hidden", timeout=LONG)
    _settle(page)
    page.mouse.move(0, 0)


def _settle(page: Page) -> None:
    """Wait until the page has no placeholders and its script has finished."""
    for selector in ("[data-testid=stSkeleton]", "[data-testid=stStatusWidget]"):
        try:
            page.locator(selector).first.wait_for(state="hidden", timeout=60_000)
        except Error:
            print(f"{page.url}: {selector} is still there", file=sys.stderr)
    page.wait_for_timeout(3000)  # for animations of charts


@contextmanager
def _server() -> Iterator[str]:
    """A dashboard on a free port, ended with its workers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "streamlit", "run", "dashboard/app.py", f"--server.port={port}"]
    process = subprocess.Popen([*command, "--server.address=127.0.0.1", "--server.headless=true"], cwd=ROOT)
    try:
        while process.poll() is None:
            try:
                urllib.request.urlopen(f"{url}/_stcore/health", timeout=1)
                break
            except OSError:
                time.sleep(0.2)
        yield url
    finally:
        for member in [*psutil.Process(process.pid).children(recursive=True), process]:
            member.kill()
        process.wait()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
