"""Train says what will happen, lets it happen, and goes on from the result."""

import pytest

from tests.pages.conftest import wait

TINY = {"backbones": "Tiny", "n_train": "200", "n_test": "100"}


def test_before_the_start_one_sentence_tells_what_will_happen(visit):
    page = visit("train", **TINY)
    sentences = " ".join(text.value for text in page.main.markdown)
    assert "Tiny looks at 322 images of cifar10-sample" in sentences  # 22 for validation
    assert "learns from 200 of them" in sentences
    assert "tested once on 100 others" in sentences
    assert "not measured yet" in sentences


def test_several_backbones_are_several_runs(visit):
    page = visit("train", backbones=["Tiny", "EfficientNetLite0"])
    assert "Start 2 runs" in [button.label for button in page.main.button]


def test_the_address_names_choices_as_the_config_does(visit):
    page = visit("train", **TINY, method="knn", preprocessing="divide255")
    assert page.segmented_control(key="method").value == "knn"
    assert page.selectbox(key="preprocessing").value == "divide255"
    page.segmented_control(key="method").set_value("mlp").run()
    assert page.query_params["method"] in ("mlp", ["mlp"])
    page.segmented_control(key="method").set_value("linear").run()
    assert "method" not in page.query_params  # the default


@pytest.mark.parametrize(
    ("choices", "said"),
    [
        ({"backbones": "Xception", "input_size": "32"}, "Xception cannot take images of 32 px"),
        ({"backbones": "Tiny", "n_test": "501"}, "501 test images were asked for"),
        ({"backbones": "Tiny", "dataset": "flowers"}, "There is no dataset 'flowers'"),
        ({"backbones": "ResNet51"}, "There is no backbone 'ResNet51'"),
        ({"backbones": "Tiny", "weights": "/nowhere/weights.h5"}, "There is no weights file"),
    ],
)
def test_a_choice_that_cannot_be_is_explained_and_cannot_be_started(visit, choices, said):
    page = visit("train", **choices)
    assert said in page.error[0].proto.title
    start = next(button for button in page.main.button if button.label == "Start")
    assert start.disabled


def test_a_started_run_is_followed_by_its_address_to_its_result(visit):
    page = visit("train", **TINY)
    next(button for button in page.main.button if button.label == "Start").click().run()
    assert page.query_params["run"]
    wait(page, lambda: page.metric and page.metric[0].label == "Accuracy on test images")
    labels = [link.proto.label for link in page.get("page_link")]
    assert {"Compare it", "Another head, same features", "Another backbone"} <= set(labels)
    wait(page, lambda: any("all features are cached" in text.value for text in page.main.markdown))


def test_a_failed_run_says_why_and_can_be_set_up_again(visit, used):
    page = visit("train", run=used[2])
    assert page.warning[0].proto.title.endswith("failed")
    assert "/nowhere/weights.h5" in page.warning[0].value
    assert "Set it up again" in [link.proto.label for link in page.get("page_link")]


def test_a_stopped_run_says_that_nothing_is_lost(visit, used):
    page = visit("train", run=used[3])
    assert page.warning[0].proto.title.endswith("stopped")
    assert page.warning[0].value.startswith("Finished features are kept")
