"""Three classes made on the spot, by files and by the camera, up to the first prediction."""

import re
import time

from playwright.sync_api import Page, expect

from core.data import datasets
from tests.pictures import encoded

CLASSES = ("cat", "frog")


def photos_of(name: str, count: int = 20) -> list[dict]:
    """Photos of a class of the shipped sample, as large as those of a phone's browser."""
    sample = datasets.load(datasets.SAMPLE)
    rows = (sample.labels == sample.class_names.index(name)).nonzero()[0][:count]
    files = {f"{row}.jpg": encoded(sample.images[row], side=640) for row in rows}
    return [{"name": name, "mimeType": "image/jpeg", "buffer": data} for name, data in files.items()]


def test_classes_are_made_trained_and_tried_with_the_camera(page: Page, measured: dict[str, str]):
    files = {name: photos_of(name) for name in CLASSES}
    page.context.grant_permissions(["camera"])
    page.goto("/data")
    began = time.monotonic()
    page.get_by_role("button", name="Take photos").click()
    for number, name in enumerate(CLASSES, 1):
        page.get_by_label(f"Name of class {number}").fill(name)
        page.locator("input[type=file]").nth(number - 1).set_input_files(files[name])
        expect(page.get_by_text("20 photos", exact=True)).to_have_count(number)
    page.get_by_role("button", name="Another class").click()
    page.get_by_label("Name of class 3").fill("nothing")
    page.get_by_role("button", name="Camera").nth(2).click()
    page.get_by_role("button", name="Take 20 photos").click()
    expect(page.get_by_text("20 photos", exact=True)).to_have_count(3)
    page.get_by_role("button", name="Train", exact=True).click()
    expect(page.get_by_role("heading", name="Predict", level=1)).to_be_visible()
    bars = page.locator(".bar")
    expect(bars).to_have_count(3)
    measured["3 new classes of 20 photos, page to first prediction"] = f"{time.monotonic() - began:.1f} s"
    expect(page.get_by_role("main").get_by_text(re.compile("a photo$"))).to_be_visible()
    assert {name.split()[0] for name in bars.all_inner_texts()} == {*CLASSES, "nothing"}
    page.get_by_text("Live", exact=True).click()
    page.get_by_text("Camera", exact=True).click()
    page.wait_for_function("document.querySelector('video')?.readyState === 4")
    page.get_by_role("button", name="Take Photo").click()
    expect(page.get_by_role("main").get_by_text(re.compile("nothing")).first).to_be_visible()
