"""What is in sight on a laptop without scrolling."""

import re

import pytest
from playwright.sync_api import Page, expect

LAPTOP = {"width": 1366, "height": 768}
PAGES = ("", "lessons", "data", "train", "run", "backbones", "anatomy", "maps", "before_after", "layers", "six_maps")
STARTING = 180_000  # milliseconds for the engine, on a machine that is busy


def test_all_pages_of_the_sidebar_and_the_projector_switch_are_in_sight(page: Page):
    page.set_viewport_size(LAPTOP)
    page.goto("/data")
    sidebar = page.get_by_test_id("stSidebar")
    expect(sidebar.get_by_text("Projector size")).to_be_in_viewport(ratio=1)
    expect(sidebar.get_by_role("link", name="Robustness")).to_be_in_viewport(ratio=1)


@pytest.mark.parametrize("name", PAGES)
def test_title_and_question_take_little_of_the_page(page: Page, name: str):
    page.set_viewport_size(LAPTOP)
    page.goto(f"/{name}")
    header = page.locator(".st-key-page-header")
    expect(header.get_by_role("heading", level=1)).to_be_visible()
    page.wait_for_function(  # its style comes a moment later
        "most => document.querySelector('.st-key-page-header').getBoundingClientRect().bottom <= most", arg=80
    )


def test_start_and_what_it_does_are_in_sight_wherever_one_scrolled(page: Page):
    page.set_viewport_size(LAPTOP)
    page.goto("/train?method=finetune&backbones=Tiny")
    start = page.get_by_role("button", name="Start", exact=True)
    for scroll in (0, 600):
        page.get_by_test_id("stMain").evaluate("(main, top) => main.scrollTo(0, top)", scroll)
        expect(start).to_be_in_viewport(ratio=1)
        expect(page.get_by_test_id("stBottom").get_by_text("Tiny")).to_be_in_viewport(ratio=1)


def test_a_map_and_its_title_are_whole_in_the_first_screen(page: Page):
    page.set_viewport_size(LAPTOP)
    page.goto("/maps?backbones=Tiny&n_images=300&map=pca")
    page.get_by_role("button", name="Draw the map").click(timeout=STARTING)
    expect(page.locator(".map-view[data-ready=yes]")).to_be_visible()
    stage = page.locator(".stage")
    expect(stage).to_be_in_viewport(ratio=1)
    box = stage.bounding_box()
    assert box["width"] >= 550 and box["height"] >= 450


def test_two_quick_presses_of_start_make_one_run(page: Page):
    page.goto("/train?backbones=Tiny&method=knn&n_train=100&n_test=50")
    page.get_by_role("button", name="Start", exact=True).dblclick(timeout=STARTING)
    expect(page.get_by_text(re.compile(r"\d+\.\d %")).first).to_be_visible(timeout=STARTING)
    page.goto("/compare")
    expect(page.get_by_role("region", name="Every run with its settings and results")).to_be_visible()
    page.goto("/run")
    picker = page.get_by_role("main").get_by_role("combobox", name="Run")
    expect(picker).to_be_visible()
    picker.click()
    # other files have runs of other methods
    expect(page.get_by_role("option", name="nearest neighbours")).to_have_count(1)
