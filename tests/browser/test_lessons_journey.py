"""A lesson from Home on, by one key from step to step, on pages that are set up for it."""

import re

from playwright.sync_api import Page, expect

from core.curriculum import lessons


def test_one_key_leads_from_step_to_step_and_each_page_is_set_up(page: Page):
    name = next(iter(lessons.LESSONS))
    lesson = lessons.LESSONS[name]
    page.goto("/")
    page.get_by_role("link", name="Start the first lesson").click()
    for number, step in enumerate(lesson.steps, start=1):
        expect(page.get_by_text(f"step {number} of {len(lesson.steps)}: {step.title}")).to_be_visible()
        expect(page).to_have_url(re.compile(rf"/{step.page}\?.*step={number}"))
        for choice, value in lessons.link(lesson, step).items():
            if choice in ("preprocessing", "input_size"):
                expect(page).to_have_url(re.compile(rf"{choice}={value}"))
        expect(page.get_by_text(step.do)).to_be_visible()
        page.keyboard.press("PageDown")
    expect(page.get_by_role("heading", name="Lessons")).to_be_visible()
    expect(page.get_by_role("button", name="Start").first).to_be_visible()
