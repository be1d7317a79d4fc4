"""From a finished fine-tune to two maps that are lassoed together, and to the maps of its stages."""

import os
import re
import subprocess
import sys

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import ROOT, Server, next_frame

STARTING = 180_000  # milliseconds for the engine, on a machine that is busy
TUNE = (
    "run --backbone Tiny --weights untrained --input-size 8 --method finetune --n-train 60 --n-test 200 "
    "--head-epochs 1 --epochs 2 --learning-rate 0.01"
)


@pytest.fixture(scope="module")
def tuned(server: Server) -> None:
    """A finished fine-tune in the home of the server, from the terminal."""
    environment = os.environ | {"BACKBONE_LAB_HOME": str(server.log.parent / "home")}
    subprocess.run(
        [sys.executable, "-m", "core", *TUNE.split()], cwd=ROOT, env=environment, check=True, capture_output=True
    )


def test_a_lasso_on_one_of_two_maps_lists_the_images_of_both(tuned: None, page: Page):
    page.goto("/before_after?map=pca")
    draw, view = page.get_by_role("button", name="Draw both maps"), page.locator(".map-view[data-ready=yes]")
    expect(draw.or_(view)).to_be_visible(timeout=STARTING)
    draw.click()
    expect(view).to_be_visible()
    next_frame(page)
    page.get_by_role("button", name="Lasso").click()
    box = page.locator(".stage").bounding_box()
    corners = [
        (box["x"] + across * box["width"], box["y"] + down * box["height"])
        for across, down in ((0.02, 0.02), (0.48, 0.02), (0.48, 0.98), (0.02, 0.98), (0.02, 0.02))
    ]  # all of the left map
    page.mouse.move(*corners[0])
    page.mouse.down()
    for corner in corners[1:]:
        page.mouse.move(*corner, steps=4)
    page.mouse.up()
    expect(page.get_by_text("200 selected")).to_be_visible()
    expect(page.get_by_role("button", name="200 rows as CSV")).to_be_visible()
    expect(page.get_by_text(re.compile(r"200 images of 10 classes"))).to_be_visible()
    first = page.locator("[class*='st-key-chosen-'] button").first
    row = first.inner_text()
    first.click()
    expect(page).to_have_url(re.compile(rf"[?&]row={row}(&|$)"))
    expect(page.get_by_text(re.compile(rf"image {row}\b", re.I)).first).to_be_visible()


def test_a_network_is_looked_into_stage_by_stage(page: Page):
    page.goto("/layers?backbones=Tiny&input_size=8&layer_images=50&probe_images=60&map=pca")
    page.get_by_role("button", name="Examine the layers").click(timeout=STARTING)
    expect(page.get_by_text("a linear head is right on")).to_be_visible(timeout=STARTING)
    expect(page.locator(".map-view[data-ready=yes]")).to_be_visible(timeout=STARTING)
    expect(page.get_by_role("button", name="Cancel")).to_be_hidden(timeout=STARTING)
