"""A lesson from Home on, by one key from step to step, on pages that are set up for it."""

import re
import time

import pytest
from playwright.sync_api import Page, expect

from core.curriculum import lessons, tasks
from tests.browser.conftest import DRAWN, Server

STARTING = 180_000  # milliseconds for the engine, on a machine that is busy
FINISHING = 600_000  # for a run
DONE = re.compile(r"Done\.$")  # after its icon


@pytest.fixture(scope="module")
def server(second_server: Server) -> Server:
    """A server without the runs of most other files."""
    return second_server


def test_one_key_leads_from_step_to_step_and_each_page_is_set_up(page: Page):
    name = next(iter(lessons.LESSONS))
    lesson = lessons.LESSONS[name]
    page.goto("/")
    page.get_by_role("link", name="Start the first lesson").click()
    for number, step in enumerate(lesson.steps, start=1):
        expect(page.get_by_text(f"step {number} of {len(lesson.steps)}: {step.title}")).to_be_visible()
        expect(page).to_have_url(re.compile(rf"/{step.page}\?.*step={number}"))
        for choice, value in tasks.link(lesson, step).items():
            if choice in ("preprocessing", "input_size"):
                expect(page).to_have_url(re.compile(rf"{choice}={value}"))
        expect(page.get_by_text(step.do)).to_be_visible()
        press_page_down(page)
    expect(page.get_by_role("heading", name="Lessons")).to_be_visible()
    expect(page.get_by_role("button", name="Start").first).to_be_visible()


def press_page_down(page: Page) -> None:
    """Go on, once the page is drawn: until then a key may be lost."""
    expect(page.locator(DRAWN)).to_be_visible(timeout=STARTING)
    page.keyboard.press("PageDown")


def start(page: Page) -> None:
    """Press Start, unless the run is there already. Of epochs, which are free, a network from scratch gets one."""
    done = page.get_by_text(DONE)
    expect(done.or_(page.get_by_text("Still to do"))).to_be_visible(timeout=STARTING)
    if done.is_visible():
        return
    if "method=scratch" in page.url:
        page.goto(re.sub(r"\bepochs=\d+", "epochs=1", page.url))
        expect(page.get_by_text("Still to do")).to_be_visible(timeout=STARTING)
    page.get_by_role("button", name="Start", exact=True).click()  # which may still be that of the step before


def look(page: Page) -> None:
    """Nothing is to be pressed."""


def open_side_by_side(page: Page) -> None:
    page.get_by_role("link", name="Open the two side by side").click()
    expect(page.get_by_text(re.compile("only .* right")).first).to_be_visible()


def change_a_caption(page: Page) -> None:
    nearest = page.get_by_text("is nearest to this photo")
    expect(nearest).to_be_visible(timeout=STARTING)
    before = nearest.inner_text()
    captions = page.get_by_role("textbox", name="Captions, one per line")
    captions.fill("\n".join(["a photo of a ship", *captions.input_value().splitlines()]))
    captions.press("Control+Enter")
    expect(nearest).not_to_have_text(before)
    captions.blur()  # in a text, Page Down scrolls


def ask_the_prompts(page: Page) -> None:
    page.get_by_role("button", name="Test these prompts").click(timeout=STARTING)


def compute_the_curve(page: Page) -> None:
    page.get_by_role("button", name="Compute the curve").click(timeout=STARTING)
    expect(page.get_by_text("to reach ToyCLIP's zero-shot").first).to_be_visible(timeout=FINISHING)


def draw_both_maps(page: Page) -> None:
    page.get_by_role("button", name="Draw both maps").click(timeout=STARTING)
    expect(page.locator(".map-view[data-ready=yes]")).to_be_visible(timeout=FINISHING)


def click_a_broken_image(page: Page) -> None:
    expect(page.locator(".map-view[data-ready=yes]")).to_be_visible(timeout=STARTING)
    page.get_by_role("radio", name=re.compile("^Broken")).click()
    page.locator("[class*='st-key-broken-'] button").first.click()
    expect(page).to_have_url(re.compile(r"[?&]row=\d+"))
    expect(page.get_by_text(re.compile(r"Nearest before: \d of 8 are"))).to_be_visible(timeout=STARTING)


def look_for_near_duplicates(page: Page) -> None:
    page.get_by_role("button", name="Look for near-duplicates").click(timeout=STARTING)
    expect(page.get_by_text("150 of the 500 test images are nearly training images").first).to_be_visible(
        timeout=FINISHING
    )


def look_for_wrong_labels(page: Page) -> None:
    page.get_by_role("button", name="Look for wrong labels").click(timeout=STARTING)
    expect(page.get_by_text("labels of 2,500 are suspect")).to_be_visible(timeout=FINISHING)


def try_other_backgrounds(page: Page) -> None:
    page.get_by_role("button", name="Try other backgrounds").click(timeout=STARTING)
    expect(page.get_by_text("of the photos are taken for that class")).to_be_visible(timeout=FINISHING)


@pytest.mark.parametrize("moment", [0, 60])
def test_start_pressed_right_after_page_down_starts_the_run_of_the_next_step(page: Page, moment: int):
    page.goto("/train?lesson=preprocessing&step=2")
    expect(page.get_by_role("button", name="Next")).to_be_visible(timeout=STARTING)
    expect(page.get_by_text("Starting the engine")).to_have_count(0, timeout=STARTING)
    expect(page.locator(DRAWN)).to_be_visible(timeout=STARTING)
    box = page.get_by_role("button", name="Start", exact=True).bounding_box()
    assert box
    page.keyboard.press("PageDown")
    page.wait_for_timeout(moment)  # milliseconds, in which nothing or a part of the step is drawn
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(page).to_have_url(re.compile(r"step=3.*run="))
    expect(page.get_by_text("step 3 of")).to_be_visible()
    expect(page.get_by_text(DONE)).to_be_visible(timeout=FINISHING)


DEEDS = {  # lesson and step -> what is done there; otherwise Start is pressed, if the step is on the page Train
    ("preprocessing", 4): open_side_by_side,
    ("maps", 2): draw_both_maps,
    ("maps", 3): click_a_broken_image,
    ("words", 1): change_a_caption,
    ("words", 2): ask_the_prompts,
    ("words", 4): compute_the_curve,
    ("trust", 3): look_for_near_duplicates,
    ("trust", 5): look_for_wrong_labels,
    ("shortcut", 3): try_other_backgrounds,
}


@pytest.mark.parametrize("name", lessons.LESSONS)
def test_a_lesson_is_played_to_its_end_by_doing_what_it_says(page: Page, name: str, measured: dict[str, str]):
    lesson, began = lessons.LESSONS[name], time.monotonic()
    page.goto("/lessons")
    page.locator(f".st-key-start-{name}").get_by_role("button").click()  # which goes on where runs are there already
    expect(page).to_have_url(re.compile(r"step=\d"))
    first = int(re.search(r"step=(\d)", page.url)[1])
    for number, step in list(enumerate(lesson.steps, start=1))[first - 1 :]:
        expect(page.get_by_text(f"step {number} of {len(lesson.steps)}: {step.title}")).to_be_visible()
        expect(page).to_have_url(re.compile(rf"/{step.page}\?.*step={number}"))
        DEEDS.get((name, number), start if step.starts else look)(page)
        if step.is_task:
            expect(page.get_by_text(DONE)).to_be_visible(timeout=FINISHING)
        if step.compares:
            expect(page.get_by_role("link", name="Open the two side by side")).to_be_visible()
        press_page_down(page)
    expect(page.get_by_role("heading", name="Lessons", level=1)).to_be_visible()
    card = page.get_by_text(lesson.question).locator("xpath=ancestor::*[@data-testid='stVerticalBlock'][1]")
    expect(card.get_by_text("All runs and maps are done")).to_be_visible()
    measured[f"lesson {name}, played to its end"] = f"{time.monotonic() - began:.0f} s"
