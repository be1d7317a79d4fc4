"""Measures the map view in a real browser on this machine: `python -m tests.browser.measure_map_view`.

Needs CIFAR-10 in the home folder. Prints the time from a click to the drawn map, frames while panning and zooming with
10,000 and 60,000 points, the time from pointing at an image to seeing it, bytes sent, and memory of the server and of
the page with ten visitors on one map. The browser draws on the processor, as on a classroom machine without a GPU.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import psutil
from playwright.sync_api import Page, sync_playwright

from tests.browser.browsers import installed_browser
from tests.browser.planted_map import KEYS, plant

SCRIPT = Path(__file__).parent / "planted_map.py"
PORT = 8899
OPTIONS = (f"--server.port={PORT}", "--server.headless=true", "--browser.gatherUsageStats=false")
POINTS = {10_000: KEYS[0], 60_000: KEYS[1]}
VISITORS = 10
READY = ".map-view[data-ready=yes]"
RECORD = """() => {
  window.frames_ = [];
  window.recording = true;
  let last = performance.now();
  const step = (now) => {
    window.frames_.push(now - last);
    last = now;
    if (window.recording) requestAnimationFrame(step);
  };
  requestAnimationFrame(step);
}"""
WATCH = """() => {
  window.waits = [];
  let moved = 0;
  const roots = [...document.querySelectorAll("*")].map((node) => node.shadowRoot);
  const root = roots.find((root) => root?.querySelector(".card"));
  const card = root.querySelector(".card");
  root.querySelector(".stage").addEventListener("pointermove", () => (moved = performance.now()), true);
  new MutationObserver(() => {
    if (!card.dataset.drawn || !moved) return;
    window.waits.push(performance.now() - moved);
    moved = 0;
  }).observe(card, { attributes: true, attributeFilter: ["data-drawn"] });
}"""


def main() -> None:
    """Measure all, print a line each."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        (home / "datasets").symlink_to(Path(os.environ["BACKBONE_LAB_HOME"]).expanduser() / "datasets")
        rng = np.random.default_rng(0)
        for n, key in POINTS.items():
            middle = rng.normal(size=(10, 2)) * 6
            plant(home, key, np.arange(60_000)[-n:], middle[rng.integers(0, 10, n)] + rng.normal(size=(n, 2)))
        process = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", str(SCRIPT), *OPTIONS],
            env=os.environ | {"BACKBONE_LAB_HOME": folder},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            time.sleep(5)
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(
                    executable_path=installed_browser(), args=["--no-sandbox", "--disable-gpu", "--no-first-run"]
                )
                for n, key in POINTS.items():
                    _measure_one(browser.new_page(viewport={"width": 1400, "height": 1000}), n, KEYS.index(key))
                _measure_memory(browser, psutil.Process(process.pid))
                browser.close()
        finally:
            process.kill()
            process.wait()


def _measure_one(page: Page, n: int, index: int) -> None:
    sent = []
    page.on("response", lambda answer: "/lab/" in answer.url and sent.append(answer))
    page.goto(f"http://127.0.0.1:{PORT}/?wait=1&dataset=cifar10&maps={index}")
    page.get_by_text("Show the map").wait_for()
    began = time.perf_counter()
    page.get_by_text("Show the map").click()
    page.wait_for_selector(READY)
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    print(f"{n:,} points: click to drawn map {time.perf_counter() - began:.2f} s")
    sizes = {}
    for answer in sent:
        kind = answer.url.split("/lab/")[1].split("/")[0]
        sizes[kind] = sizes.get(kind, 0) + len(answer.body())
    print("  bytes:", ", ".join(f"{kind} {size:,}" for kind, size in sizes.items()))
    box = page.locator(".stage").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    page.evaluate(WATCH)
    rng = np.random.default_rng(1)
    for _ in range(60):  # jumps: nothing foresaw them
        page.mouse.move(x + rng.normal() * 120, y + rng.normal() * 100)
        page.wait_for_timeout(250)
    print("  pointing to image, jumping:", _told(page.evaluate("window.waits")))
    page.evaluate("window.waits.length = 0")
    page.mouse.move(x - 150, y)
    page.mouse.move(x + 150, y + 40, steps=120)
    page.wait_for_timeout(300)
    print("  pointing to image, gliding:", _told(page.evaluate("window.waits")))

    page.mouse.move(x, y)
    page.mouse.down()
    page.evaluate(RECORD)
    page.mouse.move(x - 200, y - 100, steps=60)
    page.mouse.move(x + 100, y + 50, steps=60)
    page.evaluate("window.recording = false")
    page.mouse.up()
    print("  frames while panning:", _told(page.evaluate("window.frames_")))
    page.mouse.move(x, y)
    page.evaluate(RECORD)
    for _ in range(30):
        page.mouse.wheel(0, -30)
        page.wait_for_timeout(10)
    page.evaluate("window.recording = false")
    print("  frames while zooming:", _told(page.evaluate("window.frames_")))
    page.close()


def _measure_memory(browser, server: psutil.Process) -> None:
    def page() -> Page:
        visitor = browser.new_context().new_page()
        visitor.goto(f"http://127.0.0.1:{PORT}/?dataset=cifar10&maps=1")
        visitor.wait_for_selector(READY)
        return visitor

    def private() -> float:
        return server.memory_full_info().uss / 1e6

    first = page()
    one = private()
    pages = [page() for _ in range(VISITORS - 1)]
    print(f"server with 1 visitor {one:.0f} MB, with {VISITORS} {private():.0f} MB")
    heap = [each.evaluate("performance.memory.usedJSHeapSize") / 1e6 for each in (first, pages[-1])]
    print(f"page: JavaScript heap {heap[0]:.0f} and {heap[1]:.0f} MB")


def _told(milliseconds: list[float]) -> str:
    ordered = sorted(milliseconds)
    if not ordered:
        return "none"
    late = ordered[min(int(0.95 * len(ordered)), len(ordered) - 1)]
    middle = statistics.median(ordered)
    return f"median {middle:.0f} ms, 95 % within {late:.0f}, worst {ordered[-1]:.0f} (n = {len(ordered)})"


if __name__ == "__main__":
    main()
