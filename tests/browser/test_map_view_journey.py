"""The map view in a real browser, on a page with a planted map: every image's place on the screen is known."""

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from core.data import datasets
from tests.browser.conftest import Server, next_frame, started
from tests.browser.planted_map import KEYS, ROWS, SIDE, plant

SCRIPT = Path(__file__).parent / "planted_map.py"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of the planted page."""
    folder = tmp_path_factory.mktemp("map-view")
    across, down = (part.ravel().astype("f4") for part in np.meshgrid(np.arange(SIDE), np.arange(SIDE)))
    shapes = [(across, down), (SIDE - 1 - across, down), (across, down, np.sin(across))]
    for key, shape in zip(KEYS, shapes, strict=True):
        plant(folder / "home", key, ROWS, np.stack(shape, axis=1))
    with started(SCRIPT, folder, "--browser.gatherUsageStats=false") as server:
        yield server


def test_a_hovered_point_shows_the_very_image_of_its_row(page: Page):
    _open(page, "/")
    pixels = datasets.load("cifar10-sample").images
    for line, column in ((3, 4), (15, 12), (0, 19)):
        page.mouse.move(*_place(page, column, line))
        row = ROWS[SIDE * line + column]
        expect(page.locator(".card")).to_contain_text(f"Image {row}")
        expect(page.locator(".card[data-drawn]")).to_be_visible()
        shown = page.locator(".card canvas").evaluate(
            "canvas => Array.from(canvas.getContext('2d').getImageData(0, 0, 128, 128).data)"
        )
        shown = np.array(shown, np.uint8).reshape(128, 128, 4)[..., :3]
        np.testing.assert_array_equal(shown, pixels[row].repeat(4, axis=0).repeat(4, axis=1))


def test_a_click_tells_python_the_row(page: Page):
    _open(page, "/")
    page.mouse.click(*_place(page, 7, 2))
    expect(page.get_by_text(f"clicked {ROWS[2 * SIDE + 7]},")).to_be_visible()


def test_a_lasso_selects_exactly_the_images_inside_and_escape_none(page: Page):
    _open(page, "/")
    corners = [_place(page, column, line) for column, line in ((2.5, 1.5), (6.5, 1.5), (6.5, 4.5), (2.5, 4.5))]
    page.get_by_role("button", name="Lasso").click()
    page.mouse.move(*corners[0])
    page.mouse.down()
    for corner in (*corners[1:], corners[0]):
        page.mouse.move(*corner, steps=5)
    page.mouse.up()
    inside = [ROWS[SIDE * line + column] for line in (2, 3, 4) for column in (3, 4, 5, 6)]
    expect(page.get_by_text(f"selected {inside}")).to_be_visible()
    expect(page.get_by_text("12 selected")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_text("selected []")).to_be_visible()


def test_a_box_after_zooming_selects_exactly_what_it_frames(page: Page):
    _open(page, "/")
    x, y = _place(page, 10, 10)
    page.mouse.move(x, y)
    before = _place(page, 11, 10)[0] - x
    page.mouse.wheel(0, -200)  # twice 350 would be e squared: the view tells what came of it
    zoom = np.exp(200 / 350)
    page.get_by_role("button", name="Box").click()
    page.mouse.move(x - 1.4 * before * zoom, y - 0.5 * before * zoom)
    page.mouse.down()
    page.mouse.move(x + 0.5 * before * zoom, y + 0.5 * before * zoom, steps=3)
    page.mouse.up()
    expect(page.get_by_text(f"selected {[ROWS[10 * SIDE + 9], ROWS[10 * SIDE + 10]]}")).to_be_visible()


def test_what_is_hovered_on_one_map_is_ringed_on_its_pair(page: Page):
    _open(page, "/?arrange=pair&maps=01")
    twin = _place(page, SIDE - 1 - 4, 6, panel=1, panels=2)  # where the mirrored map has it
    page.mouse.move(*_place(page, 17, 17, panels=2))
    clip = {"x": twin[0] - 20, "y": twin[1] - 20, "width": 40, "height": 40}
    away = page.screenshot(clip=clip)
    page.mouse.move(*_place(page, 4, 6, panels=2))
    expect(page.locator(".card")).to_contain_text(f"Image {ROWS[6 * SIDE + 4]}")
    next_frame(page)
    assert page.screenshot(clip=clip) != away


def test_titles_stay_above_their_maps_when_python_answers(page: Page):
    _open(page, "/?arrange=pair&maps=01")
    titles = page.locator(".title")
    before = [titles.nth(i).bounding_box() for i in range(2)]
    assert before[0]["x"] + before[0]["width"] <= before[1]["x"]
    page.mouse.click(*_place(page, 7, 2, panels=2))
    expect(page.get_by_text(f"clicked {ROWS[2 * SIDE + 7]},")).to_be_visible()
    page.wait_for_timeout(300)  # the view is shown again
    assert [titles.nth(i).bounding_box() for i in range(2)] == before


def test_a_hidden_class_cannot_be_hovered_and_a_double_click_leaves_one(page: Page):
    _open(page, "/")
    dataset = datasets.load("cifar10-sample")
    label = dataset.labels[ROWS[SIDE * 8 + 8]]
    name = dataset.class_names[label]
    page.mouse.move(*_place(page, 8, 8))
    expect(page.locator(".card")).to_be_visible()
    button = page.locator(".legend").get_by_role("button", name=name)
    button.click()
    page.mouse.move(*_place(page, 8, 8))
    expect(page.locator(".card")).to_be_hidden()
    button.dblclick()
    expect(page.locator(".legend [aria-pressed=true]")).to_have_count(1)
    page.get_by_label(re.compile("^Map of 400 images")).press("v")
    alone = [row for row in ROWS if dataset.labels[row] == label]
    expect(page.get_by_text(f"selected {alone}")).to_be_visible()


def test_a_search_goes_to_an_image_or_shows_one_class(page: Page):
    _open(page, "/")
    search = page.get_by_role("searchbox")
    search.fill("5")
    search.press("Enter")
    expect(page.get_by_text("No image 5 on this map")).to_be_visible()
    search.fill("133")
    search.press("Enter")
    expect(page.get_by_text("clicked 133,")).to_be_visible()
    box = page.locator(".stage").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(page.locator(".card")).to_contain_text("Image 133")
    search.fill("tru")
    search.press("Enter")
    expect(page.locator(".legend [aria-pressed=true]")).to_have_count(1)
    expect(page.locator(".legend [aria-pressed=true]")).to_contain_text("truck")


def test_keys_go_from_image_to_image_and_pick(page: Page):
    _open(page, "/")
    stage = page.locator(".stage")
    for key in ("n", "n", "n", "p"):
        stage.press(key)
    expect(page.locator(".card")).to_contain_text(f"Image {ROWS[1]}")
    stage.press("Enter")
    expect(page.get_by_text(f"clicked {ROWS[1]},")).to_be_visible()


def test_a_slider_morphs_one_map_into_the_other(page: Page):
    _open(page, "/?arrange=morph&maps=01")
    page.get_by_role("slider").fill("1")
    page.mouse.move(*_place(page, 2, 5))
    expect(page.locator(".card")).to_contain_text(f"Image {ROWS[5 * SIDE + SIDE - 1 - 2]}")
    page.get_by_role("button", name="Play").click()
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    expect(page.get_by_role("slider")).to_have_value("0")


def test_a_map_in_space_turns_by_drag(page: Page):
    _open(page, "/?maps=2&colour=place")
    box = page.locator(".stage").bounding_box()
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    before = page.locator(".stage").screenshot()
    page.mouse.move(*middle)
    page.mouse.down()
    page.mouse.move(middle[0] + 120, middle[1] + 30, steps=4)
    page.mouse.up()
    page.mouse.move(box["x"] - 20, box["y"])
    assert page.locator(".stage").screenshot() != before
    expect(page.get_by_text("100.0 %")).to_be_visible()


def test_drawings_and_pictures_hold_every_point(page: Page, tmp_path: Path):
    _open(page, "/")
    drawing = _download(page, "Drawing", tmp_path).read_text()
    assert drawing.count("h0") == len(ROWS)
    from PIL import Image

    with Image.open(_download(page, "Picture for paper", tmp_path)) as picture:
        assert picture.size == (2126, 1417)
        assert round(picture.info["dpi"][0]) == 300
    with Image.open(_download(page, "Picture for a projector", tmp_path)) as picture:
        assert picture.size == (1920, 1080)
        assert len(picture.convert("RGB").getcolors(maxcolors=1 << 24)) > 10


def test_the_offline_file_shows_the_images_without_a_server(page: Page, browser: Browser, tmp_path: Path):
    _open(page, "/")
    path = _download(page, "Map that opens offline", tmp_path)
    context = browser.new_context(viewport={"width": 1400, "height": 1000}, offline=True)
    offline = context.new_page()
    offline.goto(path.as_uri())
    expect(offline.locator(".map-view[data-ready=yes]")).to_be_visible()
    offline.mouse.move(*_place(offline, 5, 5))
    expect(offline.locator(".card")).to_contain_text(f"Image {ROWS[5 * SIDE + 5]}")
    expect(offline.locator(".card[data-drawn]")).to_be_visible()
    context.close()


def test_a_map_that_is_gone_says_so(page: Page):
    page.route("**/lab/maps/*", lambda route: route.fulfill(status=404, body="This map is not on the disk any more."))
    page.goto("/")
    expect(page.get_by_text("This map is not on the disk any more.")).to_be_visible()


def test_without_webgl_a_sentence_says_what_is_missing(page: Page):
    page.add_init_script("HTMLCanvasElement.prototype.getContext = () => null")
    page.goto("/")
    expect(page.get_by_text("it needs WebGL2")).to_be_visible()


def _open(page: Page, address: str) -> None:
    page.goto(address)
    expect(page.locator(".map-view[data-ready=yes]")).to_be_visible()
    next_frame(page)


def _place(page: Page, column: float, line: float, *, panel: int = 0, panels: int = 1) -> tuple[float, float]:
    """Where a place of the grid is on the screen: the whole map in the middle of its panel, below the title."""
    left, top, across, height = page.locator(".stage").evaluate(
        "stage => { const box = stage.getBoundingClientRect();"
        " const ends = [...stage.querySelectorAll('.title > *')].map(line => line.getBoundingClientRect().bottom);"
        " const top = Math.max(box.y + stage.clientTop, ...ends);"
        " const bottom = box.y + stage.clientTop + stage.clientHeight;"
        " return [box.x + stage.clientLeft, top, stage.clientWidth, bottom - top]; }"
    )
    width = (across - 10 * (panels - 1)) / panels
    half = 1.03 * (SIDE - 1) / 2
    scale = 0.94 * min(width, height) / 2 / half
    middle = (SIDE - 1) / 2
    return (
        left + panel * (width + 10) + width / 2 + (column - middle) * scale,
        top + height / 2 - (line - middle) * scale,
    )


def _download(page: Page, name: str, folder: Path) -> Path:
    page.get_by_role("button", name="Download").click()
    with page.expect_download() as made:
        page.get_by_role("menuitem", name=name).click()
    path = folder / made.value.suggested_filename
    made.value.save_as(path)
    return path
