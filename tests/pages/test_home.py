"""Home leads to a first result, and shows the last ones."""

import json

from core import runs
from core.errors import RunError
from core.runs import artifacts
from tests.pages.conftest import said, wait


def test_an_empty_home_offers_the_demo_and_says_what_will_be_there(visit):
    page = visit()
    assert page.title[0].value == "Backbone Lab"
    assert [button.label for button in page.main.button] == ["Run the demo"]
    assert any("Your results will be here" in text.value for text in page.markdown)


def test_a_used_home_shows_results_with_their_interval_and_not_the_failure(visit, used):
    page = visit()
    assert len(page.metric) == 2
    assert all(metric.value.endswith(" %") for metric in page.metric)
    assert sum("95 % interval" in text.value for text in page.markdown) == 2


def test_the_followed_run_is_found_again_by_its_address(visit, used):
    linear, *_ = used
    page = visit(run=linear)
    labels = [link.proto.label for link in page.get("page_link")]
    assert "Compare it" in labels
    assert "Another head, same features" in labels
    predictions = runs.predictions(linear)
    wrong = predictions[predictions["prediction"] != predictions["label"]].sort_values("confidence")
    assert f"{100 - len(wrong)} of 100 right; guessing would give 10" in said(page)
    alts = [image.proto.imgs[0].alt for image in page.main.image]
    assert len(alts) == 3 and alts[0].startswith(f"Image {wrong['row'].iloc[-1]}:")


def test_a_result_has_a_small_map_of_its_test_images_that_was_drawn_unasked(visit, used):
    page = visit(run=used[0])
    wait(page, lambda: page.get("plotly_chart"))
    traces = json.loads(page.get("plotly_chart")[0].proto.spec)["data"]
    counts = {trace["name"]: len(trace["text"]) for trace in traces}
    predictions = runs.predictions(used[0])
    assert counts["wrong"] == (predictions["prediction"] != predictions["label"]).sum()
    assert sum(counts.values()) == len(predictions)


def test_a_run_that_is_not_here_is_said_and_nothing_breaks(visit, used):
    page = visit(run="0" * 32)
    wait(page, lambda: page.warning)  # said once the store is open
    assert "0" * 32 in page.warning[0].value
    assert "run" not in page.query_params


def test_the_demo_button_queues_the_demo_and_follows_it(visit):
    page = visit()
    page.main.button[0].click().run()
    assert page.query_params["run"]
    stop = next(button for button in page.main.button if button.label == "Stop")
    stop.click().run()
    assert not page.exception


def test_a_result_whose_predictions_are_lost_is_still_shown_and_says_so(visit, used, monkeypatch):
    def lost(run_id: str, name: str):
        raise RunError(f"The file {name} of run {run_id} cannot be read")

    monkeypatch.setattr(artifacts, "_artifact", lost)
    page = visit(run=used[0])
    assert not page.exception
    assert page.metric[0].value.endswith(" %")
    assert any("predictions.parquet" in error.proto.title for error in page.error)
