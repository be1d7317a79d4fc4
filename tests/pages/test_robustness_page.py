"""Robustness: a probe is shown worse images by one button."""

from core import runs
from core.config import RunConfig
from core.execute import perform
from tests.pages.conftest import wait


def test_a_page_without_runs_says_what_to_train_and_shows_what_is_done_to_images(visit, store):
    page = visit("robustness")
    wait(page, lambda: any("No runs yet" in text.value for text in page.markdown))
    assert any(text.value == "Noise: 1, 3, 5" for text in page.caption)


def test_one_button_shows_a_probe_worse_images_and_tells_what_it_loses(visit, store):
    perform(runs.create(RunConfig(backbone="Tiny", weights="untrained", input_size=8, n_train=60, n_test=40)))
    page = visit("robustness")
    wait(page, lambda: any(button.key == "robust-measure" for button in page.button))
    assert any("1,200 images to process" in text.value for text in page.markdown)
    page.button(key="robust-measure").click().run()
    wait(page, lambda: any("Corruptions cost it" in text.value for text in page.markdown))
    assert not page.error and not page.exception
