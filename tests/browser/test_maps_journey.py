"""From an empty home folder to a map that is walked in: draw it, point, press, lasso, and stop another one."""

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import next_frame

ADDRESS = "/maps?backbones=Tiny&n_images=500"
ROW = re.compile(r"[?&]row=(\d+)")
STARTING = 180_000  # milliseconds for the engine, on a machine that is busy
SELECTED = re.compile(r"^[\d,]+ selected$")


def test_a_map_is_drawn_and_what_is_pressed_on_it_goes_into_the_address(page: Page):
    _drawn(page)
    row = _point_at_a_dot(page)
    expect(page.locator(".card[data-drawn]")).to_be_visible()
    page.mouse.down()
    page.mouse.up()
    expect(page).to_have_url(re.compile(rf"[?&]row={row}(&|$)"))
    expect(_panel(page)).to_contain_text(f"image {row}")
    near = _panel(page).get_by_role("button", name=re.compile(r"^\w+ [\d.e-]+$")).first
    near.click()
    expect(page).not_to_have_url(re.compile(rf"[?&]row={row}(&|$)"))
    other = ROW.search(page.url).group(1)
    expect(_panel(page)).to_contain_text(f"image {other}")

    _go_to(page, row)
    page.mouse.down()  # what was pressed before is pressed again
    page.mouse.up()
    expect(page).to_have_url(re.compile(rf"[?&]row={row}(&|$)"))
    expect(_panel(page)).to_contain_text(f"image {row}")
    page.reload()
    expect(_panel(page)).to_contain_text(f"image {row}")


def test_a_lasso_lists_as_many_images_as_the_view_says_and_the_map_stays_where_it_is(page: Page):
    _drawn(page)
    before = page.locator(".stage").bounding_box()
    assert before["y"] + before["height"] <= 1000  # all of it is in sight
    page.get_by_role("button", name="Lasso").click()
    corners = [_place(page, *part) for part in ((0.1, 0.1), (0.6, 0.1), (0.5, 0.9), (0.1, 0.9))]
    page.mouse.move(*corners[0])
    page.mouse.down()
    for corner in (*corners[1:], corners[0]):
        page.mouse.move(*corner, steps=4)
    page.mouse.up()
    said = page.get_by_text(SELECTED)
    count = int(re.sub(r"\D", "", said.inner_text()))
    assert 0 < count < 500
    expect(_panel(page).get_by_text(re.compile(rf"^{count} images (of|,)"))).to_be_visible()
    expect(page.get_by_role("button", name=f"{count} rows as CSV")).to_be_visible()
    assert page.locator(".stage").bounding_box() == before
    page.get_by_role("button", name="Clear").click()
    expect(said).to_be_hidden()
    expect(_panel(page)).to_contain_text("Draw a lasso or a box")


def test_a_map_that_is_being_drawn_is_cancelled_and_offered_again(page: Page):
    page.goto("/maps?backbones=Tiny&map=tsne&perplexity=500")  # of all 2,500 images: far from done when it is cancelled
    page.get_by_role("button", name="Draw the map").click(timeout=STARTING)
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("Cancelled")).to_be_visible()
    expect(page.get_by_role("button", name="Draw the map")).to_be_enabled()
    expect(page.locator(".map-view")).to_have_count(0)


def _drawn(page: Page) -> None:
    """The PCA map of 500 images, drawn by whichever journey comes first."""
    page.goto(f"{ADDRESS}&map=pca")
    draw, view = page.get_by_role("button", name="Draw the map"), page.locator(".map-view[data-ready=yes]")
    expect(draw.or_(view)).to_be_visible(timeout=STARTING)
    if draw.is_visible():
        draw.click()
    expect(view).to_be_visible()
    next_frame(page)


def _place(page: Page, across: float, down: float) -> tuple[float, float]:
    """Pixels of a place of the stage, in parts of its width and height."""
    box = page.locator(".stage").bounding_box()
    return box["x"] + across * box["width"], box["y"] + down * box["height"]


def _point_at_a_dot(page: Page) -> str:
    """Move along the middle of the map until there is a card; returns the row it tells of."""
    card = page.locator(".card")
    for step in range(60):
        page.mouse.move(*_place(page, 0.2 + 0.01 * step, 0.5))
        next_frame(page)
        if card.is_visible():
            return card.get_attribute("data-row")
    raise AssertionError("no dot in the middle of the map")


def _go_to(page: Page, row: str) -> None:
    """Search an image by its number, and point at it where it comes to lie."""
    search = page.get_by_role("searchbox")
    search.fill(row)
    search.press("Enter")
    page.mouse.move(*_place(page, 0.5, 0.5))
    expect(page.locator(".card")).to_contain_text(f"Image {row}")


def _panel(page: Page):
    """What stands beside the map."""
    return page.get_by_test_id("stColumn").last
