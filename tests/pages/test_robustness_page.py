"""Robustness: a probe is shown worse images by one button."""

import json

from core import runs, seeds
from core.config import RunConfig
from core.evaluation import robustness
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
    wait(page, lambda: any("on the original images" in text.value for text in page.markdown))
    assert not page.error and not page.exception


def test_several_seeds_are_one_curve_of_their_mean_with_each_seed_inside(visit, store):
    entry = runs.new_entry()
    few = RunConfig(backbone="Tiny", weights="untrained", input_size=8, n_train=60, n_test=40)
    for config in seeds.configs(few, 2):
        run_id = runs.create(config, entry=entry)
        perform(run_id)
        robustness.measure(run_id)
    page = visit("robustness")
    wait(page, lambda: any("on the original images" in text.value for text in page.markdown))
    assert any("Tiny, linear, mean of 2 seeds" in text.value for text in page.markdown)
    assert any("40 test images and 2 seeds" in text.value for text in page.markdown)
    drawn = json.loads(page.get("plotly_chart")[0].proto.spec)["data"]
    assert sum(trace["line"]["width"] == 1 for trace in drawn) == 2 * 6  # each seed for each corruption
    shown = visit("maps", of="run", run=entry).selectbox(key="choose-run")
    assert shown.value == runs.row(entry).seeds[0].id
    assert ["one of several seeds" in option for option in shown.options] == [True]
    last = runs.row(entry).seeds[1].id
    assert visit("maps", of="run", run=last).selectbox(key="choose-run").value == last
