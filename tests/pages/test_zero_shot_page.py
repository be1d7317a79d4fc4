"""Zero-shot: the toy CLIP, asked in words, and its answers beside what was edited."""

import pytest

from core import runs
from core.backbones import checkpoint_sources
from core.zero_shot import published
from tests.core.backbones.siglip import folder as siglip
from tests.pages.conftest import said, wait


def open_tab(visit, tab: str, shown):
    """The page on a tab, its answer there."""
    page = visit("zero_shot", **{"zero-shot": tab})
    return wait(page, lambda: shown(page) or page.error)


def test_the_first_thing_seen_is_two_captions_and_one_photo_and_the_toy_is_called_one(visit, store):
    page = visit("zero_shot")
    wait(page, lambda: any("is nearest" in text.value for text in page.markdown))
    assert any("toy" in box.value and "says nothing about CLIP" in box.value for box in page.info)
    assert page.text_area(key="captions").value.count("\n") == 1
    assert not page.error


def test_a_clip_that_is_not_here_tells_its_size_and_answers_after_one_click(visit, store, hub):
    page = visit("zero_shot", clip="CLIPViTB32")
    assert "are not on this machine. The download, once, is about" in said(page) and "at 100 Mbit/s" in said(page)
    assert not page.text_area
    page.button(key="begin-fetch-weights-CLIPViTB32").click().run()
    wait(page, lambda: "is nearest" in said(page) or page.error)
    assert not page.error
    assert "not on this machine" not in said(page)


def test_a_download_that_fails_says_what_to_do(visit, store, hub, monkeypatch):
    hub.refusals = [(403, {"X-Error-Code": "GatedRepo"})]
    monkeypatch.setattr(checkpoint_sources, "_KAGGLE", "import sys; sys.exit('ConnectionError')")
    page = visit("zero_shot", clip="CLIPViTB32")
    page.button(key="begin-fetch-weights-CLIPViTB32").click().run()
    wait(page, lambda: page.error)
    assert any("accept the conditions on" in f"{error.proto.title} {error.value}" for error in page.error)


def test_siglip_2_judges_each_caption_by_itself_and_the_page_says_what_that_means(visit, store, home, monkeypatch):
    siglip.shrink(monkeypatch)
    folder = home / "weights" / "siglip2-base-patch16-224"
    siglip.written(folder)
    siglip.vocabulary(folder)
    page = visit("zero_shot", clip=siglip.NAME)
    wait(page, lambda: "is nearest" in said(page) or page.error)
    assert not page.error
    assert "by a sigmoid, for this caption alone" in said(page)
    assert "need not sum to 100 %" in said(page) and "perhaps none of these" in said(page)


def test_an_edit_changes_accuracy_and_shows_what_was_gained_and_lost_and_both_are_ranked(visit, store, monkeypatch):
    monkeypatch.setitem(published.ACCURACY, "ToyCLIP", {"cifar10": 0.999})
    page = open_tab(visit, "Prompts", lambda page: page.metric)
    assert "Published for ToyCLIP on CIFAR-10: **99.9 %**. Here, on validation images, the accuracy is" in said(page)
    assert (
        "10,000 test images, the 18 templates of the usual evaluation. Here: 200 validation images, 1 template"
        in said(page)
    )
    first = page.metric[0].value
    usual = page.text_area(key="names-cifar10-sample").value
    first_name, second_name, *others = usual.splitlines()
    page.text_area(key="names-cifar10-sample").set_value("\n".join([second_name, first_name, *others])).run()
    wait(page, lambda: any("Lost" in text.value for text in page.markdown))
    assert page.metric[0].value != first
    assert "since the last edit" in page.metric[0].delta
    page.text_area(key="names-cifar10-sample").set_value(usual)
    page.text_area(key="templates").set_value("a picture of a {}.").run()
    wait(page, lambda: page.metric and page.metric[0].delta.startswith("+"))
    page = open_tab(visit, "Prompts tried", lambda page: page.dataframe)  # in another visit, as others see them
    table = page.dataframe[0].value
    assert len(table) == 2 and "Who" not in table, "those that were edited"
    assert table["Accuracy (%)"].is_monotonic_decreasing
    assert "2 prompts tried" in said(page)
    assert "“a picture of a {}.” is" in said(page) and "points better than “a photo of a {}., other names”" in said(
        page
    )
    assert runs.table(runs.rows()).empty  # the test split was not asked


def test_the_test_split_is_asked_by_one_click_and_counted(visit, store):
    page = open_tab(visit, "Prompts", lambda page: any(b.key == "zero-shot-test" for b in page.button))
    assert any("Used 0 times" in text.value for text in page.markdown)
    page.button(key="zero-shot-test").click().run()
    wait(page, lambda: (runs.table(runs.rows())["status"] == "finished").any())
    page.run()
    run = runs.table(runs.rows()).iloc[0]
    assert (run["method"], run["templates"], run["n_train_used"]) == ("zero-shot", "single", 0)


@pytest.mark.parametrize(
    ("area", "text", "said"),
    [
        ("templates", "a photo", "has no {}"),
        ("templates", "", "no template"),
        ("names-cifar10-sample", "cat\ncat", "the same class name"),
        ("names-cifar10-sample", "\n".join(map(str, range(10_000))), "10,000 class names"),
    ],
)
def test_text_that_cannot_be_asked_is_answered_in_a_sentence(visit, store, area, text, said):
    page = open_tab(visit, "Prompts", lambda page: page.text_area)
    page.text_area(key=area).set_value(text).run()
    assert any(said in f"{error.proto.title} {error.value}" for error in page.error)
    assert not page.exception


def test_other_scripts_are_asked_and_other_numbers_of_classes_have_no_accuracy(visit, store):
    page = open_tab(visit, "Prompts", lambda page: page.metric)
    page.text_area(key="names-cifar10-sample").set_value("кошка\n🐸").run()
    assert any(box.proto.title == "No accuracy" for box in page.info)
    page.text_area(key="names-cifar10-sample").set_value("\n".join(f"狗{i} 🐸" for i in range(10))).run()
    wait(page, lambda: page.metric)
    assert not page.error and not page.exception


def test_a_sentence_finds_fifty_validation_images(visit, store):
    page = open_tab(visit, "Search", lambda page: any("nearest first" in text.value for text in page.markdown))
    assert any("The 50 validation images nearest to *a photo of a ship*" in text.value for text in page.markdown)
    assert not page.error


def test_images_and_texts_are_drawn_as_one_matrix(visit, store):
    page = open_tab(visit, "Images and texts", lambda page: page.get("plotly_chart"))
    assert len(page.get("plotly_chart")) == 1
    assert not page.error


def test_confusion_and_scale_are_computed_once_they_are_unfolded(visit, store):
    page = open_tab(visit, "Prompts", lambda page: page.metric)
    assert not any("Calibration error" in text.value for text in page.markdown)
    folded = len(page.get("plotly_chart"))
    page.session_state["zero-shot-sureness"] = True
    page.session_state["zero-shot-folded"] = True
    page.run()
    assert any("least error on these validation images" in text.value for text in page.markdown)
    assert len(page.get("plotly_chart")) == folded + 3  # confusion, calibration, one image
    page.slider(key="scale-ToyCLIP").set_value(1.0).run()
    assert not page.error and not page.exception
