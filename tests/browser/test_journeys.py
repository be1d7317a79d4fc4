"""Journeys through the dashboard as a visitor makes them, all on one server."""

import re
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from core.settings import ASSETS
from tests.browser.conftest import Server

PAGES = {
    "Home": "Backbone Lab",
    "Data": "Data",
    "Train": "Train",
    "Run": "Run",
    "Backbones": "Backbones",
    "Compare": "Compare",
}
ERRORS = "[data-testid=stException], [data-testid=stAlertContentError]"
MINUTES = 60_000  # milliseconds
LONG_RUN = "/train?input_size=224"  # about a minute of extraction on 2 cores
SHORT_RUN = "/train?backbones=Tiny&n_train=100&n_test=100"


@pytest.fixture(scope="module")
def server(second_server: Server) -> Server:
    """A server without the runs of most other files."""
    return second_server


@pytest.mark.parametrize("page", ["light", "dark"], indirect=True)
def test_every_page_opens_without_an_error(page: Page):
    page.goto("/")
    for link, title in PAGES.items():
        _open(page, link, title)
        expect(page.get_by_test_id("stSkeleton")).to_have_count(0)  # the engine is there
        expect(page.locator(ERRORS)).to_have_count(0)


def test_pages_are_switched_to_and_fro(page: Page, measured: dict[str, str]):
    page.goto("/")
    seconds = {link: [] for link in PAGES}
    for _ in range(3):
        for link, title in PAGES.items():
            began = time.monotonic()
            _open(page, link, title)
            seconds[link].append(time.monotonic() - began)
            expect(page.locator(ERRORS)).to_have_count(0)
    measured["page switch, best of 3"] = ", ".join(f"{link} {min(times):.2f} s" for link, times in seconds.items())


def test_the_demo_leads_from_home_to_the_images_behind_a_number(page: Page):
    page.goto("/")
    page.get_by_role("button", name="Run the demo").click()
    assert _accuracy(page) > 80
    page.get_by_role("link", name="Compare it").click()
    expect(page.get_by_role("heading", name="Compare", level=1)).to_be_visible()
    expect(page.get_by_role("region", name="Every run with its settings and results")).to_be_visible()
    expect(page.get_by_role("heading", name="EfficientNetLite0 linear 160 px on CIFAR-10 sample")).to_be_visible()
    page.get_by_role("link", name="Open this run").click()
    expect(page.get_by_role("heading", name="Run", level=1)).to_be_visible()
    cell = page.locator(".js-plotly-plot").filter(has_text="Predicted class").locator(".points path").first
    cell.scroll_into_view_if_needed()
    box = cell.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(page.get_by_text(re.compile(r"airplane recognised as airplane: \d+ images"))).to_be_visible()
    image = page.get_by_role("main").get_by_role("button", name=re.compile(r"^[\d.]+ %$")).first
    image.click()
    expect(page.get_by_role("img", name=re.compile("Grad-CAM of the evidence for airplane"))).to_be_visible()
    page.reload()
    expect(page.get_by_text(re.compile(r"Image \d+: airplane, classified correctly"))).to_be_visible()


def test_a_zip_of_images_is_uploaded_and_probed(page: Page, tmp_path: Path):
    page.goto("/data")
    page.get_by_role("button", name="Add images").click()
    page.locator("input[type=file]").set_input_files(_zip_of_the_sample(tmp_path / "vehicles-and-frogs.zip"))
    expect(page.get_by_text("Every class has 40 images.")).to_be_visible()
    _open(page, "Train", "Train")
    page.get_by_role("button", name="Start", exact=True).click()
    assert _accuracy(page) > 60  # of three classes
    expect(page.get_by_role("main").get_by_text("vehicles-and-frogs").first).to_be_visible()


def test_a_run_is_stopped_and_the_next_one_works(page: Page, measured: dict[str, str]):
    _start(page, LONG_RUN)
    page.get_by_role("main").get_by_role("button", name="Stop").click()
    began = time.monotonic()
    expect(page.get_by_text(re.compile("EfficientNetLite0.*: stopped"))).to_be_visible()
    measured["stop, click to page"] = f"{time.monotonic() - began:.1f} s"
    page.goto(SHORT_RUN)
    page.get_by_role("button", name="Start", exact=True).click()
    _accuracy(page)


def test_a_reload_and_a_second_tab_find_the_running_run(page: Page):
    _start(page, LONG_RUN)
    page.reload()
    expect(_progress(page)).to_be_visible()
    second = page.context.new_page()
    second.goto("/")
    status = second.get_by_test_id("stSidebar").get_by_role("link", name="EfficientNetLite0")
    status.click()
    expect(_progress(second)).to_be_visible()
    second.get_by_role("main").get_by_role("button", name="Stop").click()
    expect(page.get_by_text(re.compile("EfficientNetLite0.*: stopped"))).to_be_visible()


def _open(page: Page, link: str, title: str) -> None:
    page.get_by_test_id("stSidebar").get_by_role("link", name=link, exact=True).click()
    expect(page.get_by_role("heading", name=title, level=1)).to_be_visible()


def _start(page: Page, address: str) -> None:
    """Start a run, and wait until it extracts features."""
    page.goto(address)
    page.get_by_role("button", name="Start", exact=True).click()
    expect(_progress(page)).to_be_visible(timeout=1 * MINUTES)


def _progress(page: Page) -> Locator:
    return page.get_by_role("main").get_by_text("Extracting features")


def _accuracy(page: Page) -> float:
    """Percent on the result card of the page, once it is there."""
    card = page.get_by_test_id("stVerticalBlock").filter(has_text="95 % interval").last
    expect(card).to_be_visible(timeout=15 * MINUTES)  # a worker lets everything else on a busy machine go first
    return float(re.search(r"(\d+\.\d) %", card.inner_text())[1])


def _zip_of_the_sample(path: Path) -> Path:
    """120 of the shipped images, as a person would zip them."""
    with np.load(ASSETS / "cifar10_sample.npz") as sample:
        images, labels = sample["x_train"], sample["y_train"].ravel()
    with zipfile.ZipFile(path, "w") as archive:
        for label, name in {0: "airplane", 6: "frog", 9: "truck"}.items():
            for number, image in enumerate(images[labels == label][:40]):
                with archive.open(f"pictures/{name}/{number}.png", "w") as file:
                    Image.fromarray(image).save(file, "PNG")
    return path
