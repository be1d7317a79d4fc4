"""Names that look like markup are shown as they are, and bring nothing from elsewhere."""

from urllib.parse import urlparse

import numpy as np
from PIL import Image
from playwright.sync_api import Page, expect

from core.data import datasets
from tests.browser.conftest import Server

NAMES = (":cat: and :dog:", "*a*_b_", "$x$ and $y$", "<b>bold<i>", "![a picture](picture.png)")


def test_names_of_classes_and_datasets_are_never_markdown(page: Page, server: Server, tmp_path, monkeypatch):
    monkeypatch.setenv("BACKBONE_LAB_HOME", str(server.log.parent / "home"))
    pixels = np.random.default_rng(0).integers(0, 255, (len(NAMES), 12, 32, 32, 3), np.uint8)
    folder = tmp_path / "_awkward_ names"
    for name, images in zip(NAMES, pixels, strict=True):
        (folder / name).mkdir(parents=True)
        for number, image in enumerate(images):
            Image.fromarray(image).save(folder / name / f"{number}.png")
    dataset = datasets.import_images(folder)
    requested = []
    page.on("request", lambda request: requested.append(request.url))
    page.goto(f"/data?dataset={dataset.name}")
    main = page.get_by_role("main")
    expect(main.locator("strong").filter(has_text="bold")).to_be_visible()  # the last one
    texts = [text.replace("\u2060", "") for text in main.locator("strong").all_inner_texts()]
    assert set(NAMES) <= set(texts)
    assert main.locator(".katex, em, strong b, strong img").count() == 0
    bars = page.locator(".js-plotly-plot .xtick text")
    expect(bars).to_have_count(len(NAMES))
    assert {text.replace("\xa0", " ") for text in bars.all_text_contents()} == set(NAMES)
    assert not [url for url in requested if "picture.png" in urlparse(url).path]
