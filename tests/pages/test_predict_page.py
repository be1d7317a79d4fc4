"""Predict: a photo and models, answers beside each other."""

import pandas as pd

from core import runs, settings
from core.explain import imagenet
from dashboard import server
from tests.pages.conftest import wait


def alt(image) -> str:
    return image.proto.imgs[0].alt


def answered(page, count: int):
    return wait(page, lambda: sum("for this photo" in caption.value for caption in page.caption) == count)


def test_without_any_run_the_shipped_network_names_the_shipped_photo(visit):
    page = answered(visit("predict", photo="shipped", which="flower"), 1)
    assert not page.error
    assert any("daisy" in str(chart.proto) for chart in page.get("plotly_chart"))


def test_runs_answer_beside_it_and_are_held_against_each_other(visit, used):
    page = answered(visit("predict", image="3"), 3)
    assert any("2 models for airplane, automobile and 8 more" in text.value for text in page.markdown)
    assert sum("right]" in text.value or "wrong]" in text.value for text in page.markdown) == 2


def test_a_class_brings_the_image_that_runs_recognise_best(visit, used):
    page = answered(visit("predict", models=used[0]), 1)
    predictions = runs.predictions(used[0])
    predictions = pd.concat([predictions, runs.predictions(used[1])])
    page = answered(page.selectbox(key="photo-class").set_value(3).run(), 1)
    of_class = predictions[predictions["label"] == 3]
    best = of_class.groupby("row")["p_3"].mean().idxmax()
    assert page.query_params["image"] == str(best)


def test_a_photo_of_no_class_is_called_so_and_one_of_a_class_is_not(visit, used):
    page = answered(visit("predict", photo="shipped", which="flower", models=used[0]), 1)
    (said,) = [text.value for text in page.caption if "share out 100 %" in text.value]
    assert "A flower is none of these 10 classes" in said
    page = answered(visit("predict", photo="shipped", which="cat", models=used[0]), 1)
    assert not [text.value for text in page.caption if "share out 100 %" in text.value]


def test_answers_are_explained_by_the_chosen_methods(visit, used):
    page = answered(visit("predict", models=used[0], image="3", explain="occlusion+smoothgrad"), 1)
    wait(
        page, lambda: {"Occlusion of the photo", "SmoothGrad of the photo"} <= {alt(image) for image in page.main.image}
    )
    assert not page.error


def test_a_link_names_the_models(visit, used):
    page = answered(visit("predict", models=used[0]), 1)
    assert page.multiselect(key="models").value == [used[0]]


def test_only_methods_that_explain_the_networks_are_offered_and_a_link_to_others_says_so(visit, used):
    page = answered(visit("predict", models=used[0], image="3", explain="rollout"), 1)
    assert "`rollout` does not explain networks of this kind" in page.warning[0].value
    (offered,) = [pills.options for pills in page.get("button_group") if pills.key == "explain"]
    assert "Grad-CAM" in offered and "Attention rollout" not in offered


def test_a_photo_that_is_to_come_is_waited_for(visit):
    page = visit("predict", photo="file")
    assert any("No photo yet" in text.value for text in page.markdown)


def test_a_model_that_cannot_answer_says_why_and_is_not_asked_again_and_again(visit, store):
    (settings.folder("weights") / imagenet.file_name("MobileNet")).write_bytes(b"no weights")
    page = visit("predict", models="imagenet:MobileNet")
    wait(page, lambda: page.error)
    assert "cannot be read as weights of MobileNet" in page.error[0].body + str(page.error[0].proto)
    assert not server.explain.answering("imagenet:MobileNet", "any")
