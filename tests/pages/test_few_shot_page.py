"""Few-shot: one button computes the curves of the backbones that are chosen."""

from core import runs
from tests.pages.conftest import wait

TINY = {"backbones": "Tiny", "input_size": "32"}


def test_one_button_computes_the_curve_and_the_page_says_how_strength_was_chosen(visit, store):
    page = visit("few_shot", **TINY)
    wait(page, lambda: any(button.key == "few-shot-compute" for button in page.button))
    assert any("2,300 images to process" in text.value for text in page.markdown)
    page.button(key="few-shot-compute").click().run()
    wait(page, lambda: not any(b.key in ("few-shot-compute", "few-shot-cancel") for b in page.button))
    assert not page.error and not page.exception
    assert any("cross-validation up to 16 per class" in text.value for text in page.caption)
    assert page.dataframe[0].value["Labelled images"].tolist()[:3] == [10, 20, 40]


def test_a_toy_is_asked_zero_shot_by_one_button_and_becomes_a_line_that_is_called_a_toy(visit, store):
    page = visit("few_shot", **TINY)
    wait(page, lambda: any(button.key == "few-shot-ask" for button in page.button))
    assert not page.info
    page.button(key="few-shot-ask").click().run()
    wait(page, lambda: (runs.table(runs.rows())["status"] == "finished").any())
    wait(page, lambda: page.multiselect(key="lines").value)
    assert any("toy" in box.value and "says nothing about CLIP" in box.value for box in page.info)
    assert not any(button.key == "few-shot-ask" for button in page.button)


def test_a_network_of_one_input_size_only_is_asked_at_that_size(visit, store):
    page = visit("few_shot", backbones="ToyCLIP", input_size="160")
    wait(page, lambda: any("2,300 images to process" in text.value for text in page.markdown))
    assert not page.error
