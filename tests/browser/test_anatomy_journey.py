"""Anatomy as a visitor uses it: open a network, move the slider, click a box of the picture."""

import contextlib
import re
import time

from playwright.sync_api import Error, Page, expect

from core import anatomy
from core.config import RunConfig
from core.training import freezing


def test_the_slider_moves_the_totals_and_a_clicked_box_is_opened(page: Page, measured: dict[str, str]):
    began = time.monotonic()
    page.goto("/anatomy?backbone=ResNet20")
    totals = page.get_by_test_id("stHeadingWithActionElements")
    found = anatomy.describe("ResNet20")
    head = anatomy.head_params(found, 10)
    expect(totals.filter(has_text=f"{found.params + head:,}")).to_be_visible(timeout=180_000)
    measured["a network opened for the first time"] = f"{time.monotonic() - began:.1f} s"
    picture = page.locator(".js-plotly-plot .barlayer")
    expect(picture).to_be_visible()

    slider = page.get_by_role("slider")
    slider.focus()
    seconds = []
    for count in range(1, 7):
        frozen = freezing.describe(
            RunConfig(backbone="ResNet20", method="finetune", unfreeze="layers", unfreeze_count=count)
        )
        began = time.monotonic()
        slider.press("ArrowRight")
        expect(page.get_by_text(f"The last {count} of {found.slices['layers']} layers")).to_be_visible()
        seconds.append(time.monotonic() - began)
        expect(totals.filter(has_text=re.compile(f"^{frozen.trainable_params + head:,}$"))).to_be_visible()
    measured["freeze slider, a step, best of 6"] = f"{min(seconds):.2f} s"
    expect(page).to_have_url(re.compile("unfreeze_count=6"))

    box = page.locator(".js-plotly-plot .barlayer .trace").first.locator(".point path").nth(4)
    expect(box).to_be_visible()
    while "part=block4" not in page.url:  # a chart that is drawn again takes its boxes away for a moment
        with contextlib.suppress(Error):
            box.click(force=True, timeout=5000)  # Plotly takes clicks with a layer of its own, above the boxes
        page.wait_for_timeout(500)
    expect(page.get_by_role("combobox", name="Part of the network")).to_have_value("block4")
    graph = page.get_by_test_id("stGraphVizChart")
    expect(graph).to_contain_text("Conv 3 × 3, stride 2")
    expect(page.get_by_text("a residual block").first).to_be_visible()

    page.reload()
    expect(graph).to_contain_text("Conv 3 × 3, stride 2")
    expect(page.get_by_text(f"The last 6 of {found.slices['layers']} layers")).to_be_visible()
