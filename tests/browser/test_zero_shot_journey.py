"""From two captions and a photo to edited prompts, one test, and how many labelled images that is worth."""

import re

from playwright.sync_api import Page, expect

STARTING = 180_000  # milliseconds for the engine, on a machine that is busy


def test_words_are_asked_edited_tested_once_and_held_against_labelled_images(page: Page):
    page.goto("/zero_shot")
    expect(page.get_by_text("ToyCLIP is a toy")).to_be_visible(timeout=STARTING)
    expect(page.get_by_text(re.compile("a photo of an airplane.* is nearest to this photo"))).to_be_visible(
        timeout=STARTING
    )

    page.get_by_role("tab", name="Prompts", exact=True).click()
    names = page.get_by_role("textbox", name="Class names, one per line")
    expect(page.get_by_text("Accuracy on validation images")).to_be_visible(timeout=STARTING)
    lines = names.input_value().splitlines()
    names.fill("\n".join([lines[1], lines[0], *lines[2:]]))
    names.press("Control+Enter")
    expect(page.get_by_text("points since the last edit")).to_be_visible()
    expect(page.get_by_text(re.compile(r"Lost: \d+ images"))).to_be_visible()

    page.get_by_role("button", name="80 templates").click()
    names.fill("\n".join(lines))
    names.press("Control+Enter")
    expect(page.get_by_text("Used 0 times so far")).to_be_visible()
    page.get_by_role("button", name="Test these prompts").click()
    expect(page.get_by_text("Used 1 time so far")).to_be_visible(timeout=STARTING)

    page.goto("/few_shot?backbones=ToyCLIP")
    page.get_by_role("button", name="Compute the curves").click(timeout=STARTING)
    expect(page.get_by_text("to reach ToyCLIP's zero-shot").first).to_be_visible(timeout=STARTING)
    expect(page.get_by_text("ToyCLIP is a toy")).to_be_visible()
