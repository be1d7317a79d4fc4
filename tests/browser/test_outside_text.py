"""Names that look like markup are shown as they are, and bring nothing from elsewhere."""

import json
from pathlib import Path
from urllib.parse import urlparse
from xml.etree import ElementTree

import numpy as np
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from core.data import datasets
from dashboard.map_view import routes
from tests.browser.conftest import Server
from tests.test_outside_text import AWKWARD, Texts

NAMES = (":cat: and :dog:", "*a*_b_", "$x$ and $y$", "<b>bold<i>", "![a picture](picture.png)")

ORIGIN = "http://modules.test"  # served by the test alone
WRITE = """async ([folder, names]) => {
  const { svg, SIZES } = await import(folder + "poster.js");
  const { page } = await import(folder + "offline.js");
  const nothing = { shown: [], codes: [], palette: [], diameter: 5, screen: () => [] };
  const seen = {
    ...nothing,
    rectangles: (width, height) => names.map(() => [0, 0, width, height]),
    titles: names.map((name) => ({ title: name, caption: name })),
    colour: { kind: "class", title: "Class" },
    legend: names.map((name) => ({ name, colour: "#000000" })),
  };
  const url = folder + "map_view.css"; // any bytes
  const data = {
    modules: folder,
    panels: names.map((title) => ({ title, url })),
    columns: [{ name: "class", names, url }],
    rows: { url },
    thumbnails: { side: 32 },
  };
  return [svg(seen, SIZES.projector), await page(data, [], "")];
}"""


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
    page.get_by_role("tab", name="Classes and splits").click()
    bars = page.locator(".js-plotly-plot .xtick text")
    expect(bars).to_have_count(len(NAMES))
    assert {text.replace("\xa0", " ") for text in bars.all_text_contents()} == set(NAMES)
    assert not [url for url in requested if "picture.png" in urlparse(url).path]


def test_names_come_back_from_the_drawing_and_the_offline_map(browser: Browser):
    context = browser.new_context()
    context.route(f"{ORIGIN}/**", lambda route: route.fulfill(path=routes.MODULES / Path(route.request.url).name))
    page = context.new_page()
    page.goto(f"{ORIGIN}/map_view.css")
    drawing, offline = page.evaluate(WRITE, [f"{ORIGIN}/", AWKWARD])
    context.close()
    texts = [node.text for node in ElementTree.fromstring(drawing).iter("{http://www.w3.org/2000/svg}text")]
    printable = [name.replace("\x1b", "\ufffd") for name in AWKWARD]  # XML has no control characters
    assert sorted(texts) == sorted([*printable, *printable, *printable, "Class"])  # titles, captions, legend
    found = Texts(offline).found
    assert found["title"] == [", ".join(printable)]
    data = json.loads(found["script"][0])
    assert [panel["title"] for panel in data["panels"]] == data["columns"][0]["names"] == [*AWKWARD]
    assert set(json.loads(found["script"][1])) >= {"view.js", "elements.js"}
