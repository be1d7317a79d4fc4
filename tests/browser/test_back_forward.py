"""Back and Forward in the browser move each page with its address."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import DRAWN

STARTING = 180_000  # milliseconds for the engine, on a machine that is busy
CHOICES = [  # page, a choice on it, its part of the address
    ("backbones", "Timeline", "view=timeline"),
    ("train", "Fine-tune", "method=finetune"),
    ("anatomy", "Parameters", "width=params"),
    ("maps", "PCA", "map=pca"),
    ("layers", "PCA", "map=pca"),
    ("predict", "Shipped", "photo=shipped"),
    ("zero_shot", "File", "photo=file"),
]


@pytest.mark.parametrize(("name", "choice", "addressed"), CHOICES)
def test_a_choice_is_taken_back_at_once_and_made_again(page: Page, name: str, choice: str, addressed: str):
    page.goto(f"/{name}")
    button = page.get_by_role("main").get_by_role("radio", name=choice)
    expect(button).to_be_visible(timeout=STARTING)
    expect(page.locator(DRAWN)).to_be_visible(timeout=STARTING)
    button.click()
    expect(page).to_have_url(re.compile(addressed))
    page.go_back()  # within the time in which a browser may send its address from before a click
    expect(page).not_to_have_url(re.compile(addressed))
    expect(button).to_have_attribute("aria-checked", "false")
    page.wait_for_timeout(1500)  # and it stays
    expect(button).to_have_attribute("aria-checked", "false")
    page.go_forward()
    expect(button).to_have_attribute("aria-checked", "true")
    expect(page).to_have_url(re.compile(addressed))


def test_a_recipe_sets_many_choices_and_is_taken_back_in_one_step(page: Page):
    page.goto("/train")
    recipe = page.get_by_role("main").get_by_role("combobox", name="Recipe")
    expect(recipe).to_be_visible(timeout=STARTING)
    recipe.click()
    page.get_by_role("option", name="The notebook's own CNN").click()
    expect(page).to_have_url(re.compile("recipe=custom-cnn"))
    expect(page).to_have_url(re.compile("method=scratch"))
    page.wait_for_timeout(1500)
    page.go_back()
    expect(page).to_have_url(re.compile("/train$"))
    page.wait_for_timeout(1500)
    expect(page).to_have_url(re.compile("/train$"))


def test_back_from_another_page_returns_with_what_was_chosen(page: Page):
    page.goto("/data?dataset=cifar10")
    expect(page.get_by_role("heading", name="Data")).to_be_visible()
    page.get_by_test_id("stSidebar").get_by_role("link", name="Backbones").click()
    expect(page.get_by_role("heading", name="Backbones", exact=True)).to_be_visible()
    expect(page).to_have_url(re.compile("backbones.*dataset=cifar10"))
    page.go_back()
    expect(page.get_by_role("heading", name="Data")).to_be_visible()
    expect(page).to_have_url(re.compile("data.*dataset=cifar10"))
    page.go_forward()
    expect(page.get_by_role("heading", name="Backbones", exact=True)).to_be_visible()
