"""Train says what will happen, lets it happen, and goes on from the result."""

import threading
from urllib.parse import parse_qsl

import pytest

from core import people, roster, runs
from core.errors import Stopped
from dashboard import server
from dashboard.state import streamlit_patch
from dashboard.ui import components
from tests.pages.conftest import said, wait

TINY = {"backbones": "Tiny", "n_train": "200", "n_test": "100"}


def test_before_the_start_one_sentence_tells_what_will_happen(visit):
    page = visit("train", **TINY)
    sentences = " ".join(text.value for text in page.main.markdown)
    assert "Tiny extracts features from 322 images of CIFAR-10 sample" in sentences  # 22 for validation
    assert "learns from 200 of them" in sentences
    assert "tested once on 100 others" in sentences
    assert "has not been measured yet" in sentences


def test_several_backbones_are_several_runs(visit):
    page = visit("train", backbones=["Tiny", "EfficientNetLite0"])
    assert "Start 2 runs" in [button.label for button in page.button]


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
        ({"backbones": "Tiny", "n_test": "501"}, "501 test images"),
        (
            {"backbones": "Tiny", "n_train": "20", "method": "finetune"},
            "A batch of 32 is larger than the 20 training images",
        ),
        ({"backbones": "VGG16", "weights": "/nowhere/weights.h5"}, "There is no weights file /nowhere/weights.h5"),
    ],
)
def test_a_choice_that_cannot_be_is_explained_and_cannot_be_started(visit, choices, said):
    page = visit("train", **choices)
    assert said in page.error[0].proto.title
    start = next(button for button in page.button if button.label == "Start")
    assert start.disabled


def test_a_started_run_is_followed_by_its_address_to_its_result(visit):
    page = visit("train", **TINY)
    next(button for button in page.button if button.label == "Start").click().run()
    assert page.query_params["run"]
    wait(page, lambda: page.metric and page.metric[0].label == "Accuracy on test images")
    labels = [link.proto.label for link in page.get("page_link")]
    assert {"Compare it", "Another head, same features", "Another backbone"} <= set(labels)
    wait(page, lambda: any("all features are cached" in text.value for text in page.main.markdown))


def test_fragments_watch_unless_the_run_they_show_is_ones_own_and_running(visit, monkeypatch):
    may_end, noted = threading.Event(), []

    def hold(*_, **__):
        may_end.wait()
        raise Stopped

    def press(label: str, page) -> None:
        next(button for button in page.button if button.label == label).click().run()

    def statuses() -> list[str]:
        return [run.status for run in server.runs.active()]

    def watching(page) -> int:
        return len(page.run().session_state[streamlit_patch.WATCHING])

    def slowed(page) -> int:
        """How many fragments of a page look less often where many do."""
        before = len(looks)
        page.run()
        return len(looks) - before

    looks = []
    monkeypatch.setattr(streamlit_patch, "interval", lambda seconds: looks.append(seconds) or seconds)
    monkeypatch.setattr("core.execute.execute", hold)
    monkeypatch.setattr(streamlit_patch, "note_queue", noted.append)
    try:
        first = visit("train", **TINY)
        press("Start", first)
        wait(first, lambda: statuses() == ["running"])
        second = visit("train", **TINY, run=server.runs.active()[0].id)
        assert (watching(first), watching(second)) == (0, 2)  # the run and the sidebar
        assert (slowed(first), slowed(second)) == (0, 2)
        monkeypatch.setenv("BACKBONE_LAB_MODE", "class")
        people.set_identity(lambda: people.LECTURER)
        assert (watching(second), slowed(second)) == (0, 0)  # another tab of the same person
        roster.join(roster.read().code, "Ada")
        people.set_identity(lambda: "Ada")
        assert watching(second) == 2
        press("Start", second)
        assert (watching(second), slowed(second)) == (2, 1)  # her own run waits; the sidebar shows the one before it
        assert [status for _, status in noted[-1]] == ["running", "queued"]
        may_end.set()
        wait(second, lambda: not statuses())
        assert (watching(second), noted[-1]) == (0, [])
        may_end.clear()
        monkeypatch.setenv("BACKBONE_LAB_MODE", "alone")
        press("Resume", second)
        wait(second, lambda: statuses() == ["running"])
        assert (watching(first), watching(second)) == (1, 0)
        may_end.set()
        wait(second, lambda: not statuses())
    finally:
        may_end.set()
        people.set_identity(lambda: None)


def test_a_link_keeps_the_runs_it_names_while_the_run_store_opens(visit, used, monkeypatch):
    may_open, read = threading.Event(), runs.rows
    monkeypatch.setattr(runs, "rows", lambda: may_open.wait() and read())
    try:
        page = visit("data")
        page.query_params.update(TINY, method="finetune", start=used[0], teacher=used[1])
        page.switch_page(components.page("train")).run()
        assert page.get("skeleton")
        assert not server.engine.store_open()
    finally:
        may_open.set()
    wait(page, lambda: not page.get("skeleton"))
    assert (page.selectbox(key="start").value, page.selectbox(key="teacher").value) == (used[0], used[1])
    assert not [warning for warning in page.warning if "Left out" in warning.proto.title]


def test_a_failed_run_says_why_and_can_be_set_up_again(visit, used):
    page = visit("train", run=used[2])
    assert page.warning[0].proto.title.endswith("failed")
    assert "/nowhere/weights.h5" in page.warning[0].value
    assert "Use these settings" in [link.proto.label for link in page.get("page_link")]


def test_a_stopped_run_says_that_nothing_is_lost(visit, used):
    page = visit("train", run=used[3])
    assert page.warning[0].proto.title.endswith("stopped")
    assert page.warning[0].value.startswith("Finished features are kept")


def test_a_fine_tune_shows_what_trains_before_it_starts(visit):
    page = visit("train", **TINY, method="finetune", unfreeze_count="1")
    wait(page, lambda: page.get("plotly_chart") and page.slider(key="unfreeze_count").max == 3)  # layers may come late
    sentences = " ".join(text.value for text in page.main.markdown)
    assert "The last 1 of 3 blocks of Tiny: 1 of its 3 layers with weights" in sentences
    assert "Tiny continues to learn from 200 images" in sentences
    page.slider(key="unfreeze_count").set_value(2).run()
    wait(page, lambda: any("The last 2 of 3 blocks" in text.value for text in page.main.markdown))


def test_layer_wise_decay_names_the_rates_of_the_blocks(visit):
    page = visit("train", **TINY, method="finetune", learning_rate="0.001", layer_decay="0.5")
    rates = "0.001 for the head, then from 0.0005 (block3) down to 0.00025 (block2)"
    wait(page, lambda: rates in said(page))
    assert "0.5 times the head's rate" in said(page)
    assert "a rate of 0.001, multiplied by 0.5 for each block away from the head" in said(page)
    assert "--layer-decay 0.5" in page.code[0].value


@pytest.mark.parametrize(
    ("choices", "said"),
    [
        ({"unfreeze": "all", "learning_rate": "0.001"}, "destroys its pretrained weights"),
        ({"unfreeze": "all"}, "Nothing is frozen"),
        ({"batchnorm": "training", "batch_size": "8"}, "batches of 8 images"),
        ({"batchnorm": "training", "batch_size": "1"}, "one image at a time"),
    ],
)
def test_a_plan_that_a_lecturer_would_stop_is_warned_of(visit, choices, said):
    page = visit("train", backbones="EfficientNetLite0", n_train="200", method="finetune", **choices)
    wait(page, lambda: page.warning)
    assert said in page.warning[0].value


def test_from_scratch_offers_small_networks_and_goes_back_to_the_pretrained_one(visit):
    page = visit("train", n_train="200", n_test="100")
    page.segmented_control(key="kind-of-method").set_value("scratch").run()
    assert page.multiselect(key="choose-backbones").value == ["CustomCNN"]
    assert page.query_params["method"] in ("scratch", ["scratch"])
    page.segmented_control(key="kind-of-method").set_value("probe").run()
    assert page.multiselect(key="choose-backbones").value == ["EfficientNetLite0"]
    assert "method" not in page.query_params


def test_a_recipe_sets_everything_with_one_choice_and_says_when_it_is_left(visit):
    page = visit("train", n_train="200", n_test="100")
    page.selectbox(key="recipe").set_value("notebook").run()
    assert page.segmented_control(key="kind-of-method").value == "finetune"
    assert page.segmented_control(key="unfreeze").value == "layers"
    assert page.number_input(key="input_size").value == 96
    assert page.number_input(key="n_train").value == 200  # the data is left alone
    assert not [text for text in page.main.caption if "no longer the recipe" in text.value]
    assert "--recipe notebook" in page.code[0].value
    page.number_input(key="finetune:epochs").set_value(4).run()
    assert [text for text in page.main.caption if "no longer the recipe" in text.value]
    assert "--recipe" not in page.code[0].value


def test_a_recipe_chosen_by_hand_brings_its_backbone_and_says_so(visit):
    page = visit("train", backbones="EfficientNetLite0", n_train="200", n_test="100")
    page.selectbox(key="recipe").set_value("notebook").run()
    assert page.multiselect(key="choose-backbones").value == ["MobileNetV2"]
    assert any("**MobileNetV2** is now chosen instead of EfficientNetLite0" in text.value for text in page.caption)
    page.selectbox(key="recipe").set_value("book-corrected").run()
    assert page.multiselect(key="choose-backbones").value == ["MobileNetV2"]  # the book has a recipe for each
    assert not any("is now chosen" in text.value for text in page.caption)


def test_a_link_to_a_recipe_brings_its_backbone_whatever_was_chosen_before(visit, monkeypatch):
    monkeypatch.setattr("dashboard.state.address.LAG", 0)
    page = visit("train", backbones="Tiny")
    for _ in range(2):  # the second time the recipe is already chosen, with another backbone
        page.multiselect(key="choose-backbones").set_value(["Tiny"]).run()
        page.query_params.clear()
        page.query_params["recipe"] = "notebook"
        page.run()
        assert page.multiselect(key="choose-backbones").value == ["MobileNetV2"]
        assert page.query_params["method"] in ("finetune", ["finetune"])


def test_a_link_to_a_recipe_may_name_another_backbone_that_it_is_for(visit):
    page = visit("train", recipe="notebook", backbones="ResNet50V2")
    assert page.multiselect(key="choose-backbones").value == ["ResNet50V2"]
    assert "--recipe notebook" in page.code[0].value


def test_a_visitor_from_elsewhere_cannot_name_a_weights_file(visit, monkeypatch):
    page = visit("train")
    monkeypatch.setenv("BACKBONE_LAB_SERVER_PATHS", "nobody")
    page.query_params["weights"] = "/etc/passwd"
    page.run()
    assert "/etc/passwd" in page.warning[0].value
    assert "weights" not in page.query_params
    assert next(box.value for box in page.selectbox if box.key == "weights") == "imagenet"


def test_backbones_whose_weights_are_here_come_first_and_say_so(visit):
    page = visit("train")
    options = page.multiselect(key="choose-backbones").options
    assert options[:2] == ["EfficientNetLite0 · weights here", "ToyCLIP · weights here"]
    assert "MobileNetV2 · to download, 9 MB" in options
    page.multiselect(key="choose-backbones").set_value(["MobileNetV2"]).run()
    assert page.query_params["backbones"] in ("MobileNetV2", ["MobileNetV2"])


def test_the_default_size_is_that_of_the_cached_features(visit):
    page = visit("train", **TINY, input_size="16")
    next(button for button in page.button if button.label == "Start").click().run()
    wait(page, lambda: page.metric and page.metric[0].label == "Accuracy on test images")
    page = visit("train", **TINY)
    wait(page, lambda: any(widget.key == "16:input_size" for widget in page.number_input))  # looked up every 3 s
    assert page.number_input(key="16:input_size").value == 16
    assert "input_size" not in page.query_params
    assert any(text.value.startswith("16 px instead of 32 px because") for text in page.main.caption)
    page.number_input(key="16:input_size").set_value(0).run()
    assert page.query_params["input_size"] in ("0", ["0"])
    assert "32 px" in said(page)
    page.selectbox(key="recipe").set_value("custom-cnn").run()  # which leaves the size to its network
    assert page.number_input(key="input_size").value == 0


def test_a_link_that_names_a_recipe_brings_all_of_it(visit):
    page = visit("train", recipe="notebook", n_train="500")
    said = " ".join(text.value for text in page.main.markdown)
    assert "MobileNetV2" in said
    assert "96 px" in said
    assert "last 30 layers" in said
    assert not any("no longer the recipe" in caption.value for caption in page.caption)


def test_a_link_that_names_a_recipe_and_changes_a_setting_brings_the_rest_of_it(visit):
    page = visit("train", recipe="custom-cnn", epochs="40")
    assert page.number_input(key="scratch:epochs").value == 40
    assert page.query_params["method"] == "scratch"
    assert page.query_params["augment"] == "flip+crop"
    assert any("no longer the recipe" in caption.value for caption in page.caption)


def test_a_link_that_changes_a_recipe_is_taken_at_its_word(visit):
    page = visit("train", recipe="notebook", method="finetune", backbones="MobileNetV2", input_size="64")
    assert "64 px" in " ".join(text.value for text in page.main.markdown)
    assert any("no longer the recipe" in caption.value for caption in page.caption)


def test_each_setting_says_what_it_does(visit):
    page = visit("train", **TINY, method="finetune", label_smoothing="0.1", batch_size="64")
    captions = [text.value for text in page.main.caption]
    assert "Target for the right class: 91 %" in captions
    assert "4 steps per epoch" in captions


def test_augmentation_is_previewed_on_real_images(visit):
    page = visit("train", **TINY, method="scratch", augment="flip+colour")
    assert any("drawn anew in each epoch" in text.value for text in page.main.caption)


def test_a_fine_tune_is_watched_to_what_unfreezing_brought(visit):
    page = visit("train", **TINY, method="finetune", head_epochs="1", epochs="1", unfreeze_count="1")
    next(button for button in page.button if button.label == "Start").click().run()
    wait(page, lambda: page.metric and page.metric[0].label == "Accuracy on test images")
    assert any("frozen backbone" in text.value for text in page.main.markdown)
    labels = [link.proto.label for link in page.get("page_link")]
    assert "The same from scratch" in labels


def test_a_finished_probe_can_be_where_a_fine_tune_starts(visit, used):
    page = visit("train", run=used[0])
    wait(page, lambda: page.metric)
    link = next(link for link in page.get("page_link") if link.proto.label == "Fine-tune from here")
    page = visit("train", **dict(parse_qsl(link.proto.query_string, keep_blank_values=True)))
    assert page.selectbox(key="start").value == used[0]
    assert not page.warning  # the link names nothing that is unknown here
    assert "head of a finished probe" in " ".join(text.value for text in page.main.markdown)


def test_a_paused_run_can_go_on(visit, used):
    from core import runs
    from core.config import RunConfig

    run_id = runs.create(RunConfig(backbone="Tiny", method="finetune"))
    runs.end(run_id, "paused")
    page = visit("train", run=run_id)
    assert page.warning[0].proto.title.endswith("paused")
    assert "Resume" in [button.label for button in page.button]


def test_a_clip_is_probed_before_or_after_its_projection_and_a_cnn_by_its_own_poolings(visit):
    page = visit("train", backbones="ToyCLIP")
    both = page.selectbox(key="pooling")
    assert both.options == ["Before the projection", "After it, where texts lie"]
    both.set_value("projected").run()
    assert not page.error
    assert any("--pooling projected" in code.value for code in page.code)
    page = visit("train", backbones="Tiny", pooling="projected")
    assert page.selectbox(key="pooling").value == "avg"
    assert not page.error


def test_a_vision_transformer_is_probed_by_its_class_token_or_the_mean_of_its_patches(visit):
    page = visit("train", backbones="DeiTTiny", weights="untrained")
    pooling = page.selectbox(key="pooling")
    assert pooling.options == ["Class token", "Mean of the patches"]
    pooling.set_value("patches").run()
    assert not page.error
    assert any("--pooling patches" in code.value for code in page.code)
