"""Run shows one run from close up, explains its images, and holds it against another."""

import socket
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from distributed import Client, LocalCluster

from core import metrics, runs
from core.config import RunConfig
from core.data import datasets
from core.explain import attribution, faithfulness
from core.progress import Progress
from core.training import freezing
from dashboard.ui import formats
from tests.pages.conftest import said, wait

pytestmark = pytest.mark.filterwarnings("ignore:Series.values returning an ndarray")  # PyArrow reads times so


class Tomorrow(datetime):
    """A clock that is a day ahead."""

    @classmethod
    def now(cls, tz=None):
        return datetime.now(tz) + timedelta(days=1)


def links(page) -> list[str]:
    return [link.proto.label for link in page.main.get("page_link")]


def plant(
    template: str, config: RunConfig, *, right: float, frozen: float = 0, status: str = "finished", **outcome
) -> str:
    """A run of this config that got a planted share of the template's test images right; returns its id.

    Args:
        frozen: The share before anything was unfrozen, of the same images; 0 if that was not kept.
    """
    predictions = runs.predictions(template)
    labels = predictions["label"].to_numpy()
    answers = np.where(np.arange(len(labels)) < right * len(labels), labels, (labels + 1) % 10)
    stages = None
    if frozen:
        before = np.where(np.arange(len(labels)) < frozen * len(labels), labels, (labels + 1) % 10)
        stages = pd.concat(
            [
                predictions[["row", "confidence"]].assign(stage="head", prediction=before),
                predictions[["row", "confidence"]].assign(stage="finetune", prediction=answers),
            ]
        )
        shares = {"head": metrics.accuracy(labels, before), "finetune": metrics.accuracy(labels, answers)}
        outcome["stages"] = [
            {"name": name, "accuracy": share.value, "accuracy_low": share.low, "accuracy_high": share.high}
            for name, share in shares.items()
        ]
    predictions = predictions.assign(prediction=answers)
    share, counts = metrics.accuracy(labels, answers), metrics.confusion(labels, answers, 10)
    names = runs.confusion(template).columns
    made = runs.create(config)
    runs.start(made)
    measured = replace(
        runs.get(template).outcome,
        accuracy=share.value,
        accuracy_low=share.low,
        accuracy_high=share.high,
        **outcome,
    )
    layers = freezing.describe(config) if config.trains else None
    confusion = pd.DataFrame(counts, index=names, columns=names)
    runs.finish(
        made,
        runs.Result(measured, predictions, confusion, frozen=layers, stage_predictions=stages, ended=status),
    )
    return made


def tuned(**changes) -> RunConfig:
    return RunConfig(**({"backbone": "Tiny", "method": "finetune", "n_train": 200, "n_test": 100} | changes))


def test_without_runs_it_says_where_to_make_one(visit):
    page = visit("run")
    assert "No run yet" in said(page)
    assert "Run the demo" in links(page)


def test_without_an_id_it_shows_the_newest_result(visit, used):
    page = visit("run")
    assert page.selectbox(key="choose-run").value == used[1]
    assert page.metric[0].label == "Accuracy on test images"


def test_an_address_opens_a_run_with_its_protocol_interval_and_worst_confusion(visit, used):
    page = visit("run", run=used[0])
    outcome = runs.get(used[0]).outcome
    assert f"{100 * outcome.accuracy_low:.1f} to {100 * outcome.accuracy_high:.1f} %" in said(page)
    assert outcome.protocol in said(page)
    assert outcome.hardware in said(page)
    counts = runs.confusion(used[0])
    caption = next(text.value for text in page.main.markdown if "the most confident first" in text.value)
    shown = int(caption.split(": ")[1].split()[0])
    for name in counts:
        counts.loc[name, name] = -1
    assert shown == counts.to_numpy().max()
    assert len(page.main.image) == min(shown, 24)


def test_a_run_of_the_toy_clip_says_what_its_accuracy_is_worth(visit, used):
    toy = plant(used[0], RunConfig(backbone="ToyCLIP"), right=0.9)
    assert any("says nothing about CLIP" in box.value for box in visit("run", run=toy).info)
    assert not any("CLIP" in box.value for box in visit("run", run=used[0]).info)


def test_a_run_that_is_not_there_is_said_and_another_is_offered(visit, used):
    page = visit("run", run="0123456789abcdef")
    wait(page, lambda: page.warning)
    assert "0123456789abcdef" in page.warning[0].value
    assert "run" not in page.query_params
    assert page.metric


def test_a_run_stays_chosen_while_time_goes_by(visit, used):
    page = visit("run", run=used[0], view="Images", row="2049")
    shown = page.selectbox(key="choose-run").options
    with pytest.MonkeyPatch.context() as later:
        later.setattr(formats, "datetime", Tomorrow)
        page.run()
    assert page.selectbox(key="choose-run").options == shown
    assert page.query_params["run"] in (used[0], [used[0]])
    assert not page.info


def test_surest_mistakes_come_with_a_heat_map_for_the_predicted_and_the_true_class(visit, used):
    page = visit("run", run=used[0], view="Images")
    predictions = runs.predictions(used[0])
    wrong = predictions[predictions["prediction"] != predictions["label"]].sort_values("confidence")
    assert f"Wrong on {len(wrong)} of 100 test images" in said(page)
    assert f"Image {wrong['row'].iloc[-1]}:" in said(page)
    wait(page, lambda: "Grad-CAM" in said(page))
    alts = [image.proto.imgs[0].alt for image in page.main.image]
    names = datasets.load("cifar10-sample").class_names
    for label in wrong[["prediction", "label"]].iloc[-1]:
        assert any(f"evidence for {names[label]} " in alt for alt in alts)
    assert "expected calibration error" in said(page)


def test_an_image_is_explained_by_several_methods_and_they_are_checked_on_request(visit, used, monkeypatch):
    page = visit("run", run=used[0], view="Images", explain="occlusion+smoothgrad")
    wait(page, lambda: "Occlusion: how far the score falls" in said(page) and "SmoothGrad: the mean" in said(page))
    assert "Grad-CAM:" not in said(page)
    monkeypatch.setattr(faithfulness, "IMAGES", 2)
    page.button(
        key=next(button.key for button in page.button if "begin-faithfulness" in (button.key or ""))
    ).click().run()
    wait(page, lambda: "random order" in said(page))
    (table,) = [each.value for each in page.dataframe if "Similarity" in each.value]
    assert len(table) == len(attribution.METHODS) and (table["Verdict"] != "").all()


def test_an_archived_run_opens_with_its_own_group_and_tags(visit, used):
    runs.describe(used[0], name="Mine", group="g", tags=["t"])
    runs.set_archived(used[0], True)
    page = visit("run", run=used[0])
    assert not page.exception
    assert page.selectbox(key=f"group-{used[0]}").value == "g"


def test_a_click_on_an_image_asks_about_it_and_the_address_keeps_it(visit, used):
    page = visit("run", run=used[0], view="Images", group="hesitant")
    predictions = runs.predictions(used[0])
    right = predictions[predictions["prediction"] == predictions["label"]].sort_values("confidence", kind="stable")
    row = right["row"].iloc[1]
    page.button(key=f"hesitant-{row}").click().run()
    assert page.query_params["row"] in (str(row), [str(row)])
    assert f"Image {row}: " in said(page)
    assert "classified correctly" in said(page)
    page.number_input(key="any-row").set_value(3).run()
    assert "Image 3 is not a test image" in [warning.proto.title for warning in page.warning]


def test_an_image_of_a_cell_leads_to_its_explanation(visit, used):
    page = visit("run", run=used[0])
    button = next(button for button in page.main.button if button.key and button.key.startswith("cell-"))
    button.click().run()
    assert page.query_params["view"] in ("Images", ["Images"])
    assert f"Image {button.key.removeprefix('cell-')}: " in said(page)


def test_curves_are_drawn_where_there_are_epochs_and_only_the_head_of_a_probe_trained(visit, used):
    page = visit("run", run=used[1], view="Training")
    assert len(page.main.get("plotly_chart")) == 1
    assert "The head only" in said(page)
    assert "epochs" in page.main.table[0].value.index


def test_a_fine_tune_shows_its_stages_its_layers_and_its_notes(visit, used):
    stage = {"accuracy": 0.5, "accuracy_low": 0.4, "accuracy_high": 0.6, "validation_accuracy": 0.5, "seconds": 1.0}
    stages = [stage | {"name": "head", "epochs": 5}, stage | {"name": "finetune", "epochs": 3, "accuracy": 0.55}]
    made = plant(used[0], tuned(unfreeze_count=1), right=0.55, stages=stages, notes=["The batch was halved to 16."])
    page = visit("run", run=made)
    assert "6.0 points apart (56.0 against 50.0 %), too close to call" in said(page)
    assert "The batch was halved to 16." in said(page)
    page = visit("run", run=made, view="Training")
    frozen = freezing.describe(tuned(unfreeze_count=1))
    assert f"{frozen.trainable_weight_layers} of its {frozen.weight_layers} layers with weights" in said(page)
    assert page.main.dataframe[0].value["trains"].sum() == frozen.trainable_weight_layers


def test_two_runs_are_told_apart_by_mcnemar_and_the_images_only_one_gets_right(visit, used):
    better = plant(used[0], tuned(), right=0.9)
    worse = plant(used[0], tuned(seed=1), right=0.5)
    page = visit("run", run=better, other=worse, view="Against another")
    assert "Seed 0 is 40.0 points better than seed 1" in said(page)
    assert "only seed 1 is right on 0, only seed 0 on 40 (McNemar's exact test, p < 0.001)" in said(page)
    assert [metric.value for metric in page.main.metric] == ["90.0 %", "50.0 %"]
    assert "seed" in page.main.table[0].value.index
    assert len(page.main.image) == 12  # and 28 more
    assert "No image" not in said(page)


def test_a_run_on_its_own_says_what_is_missing_to_compare_it(visit, used):
    runs.delete(used[1])
    page = visit("run", run=used[0], view="Against another")
    assert "No other run to compare with yet" in said(page)


PRINTED = {"recipe": "book-as-printed", "unfreeze": "all", "preprocessing": "divide255"}
CORRECTED = {"recipe": "book-corrected", "unfreeze": "layers", "unfreeze_count": 1}
COUNTS = {"trainable_params": 4000, "total_params": 4000, "trainable_weight_layers": 3, "weight_layers": 3}
LESSON = "The book's recipe, as printed and corrected"


def test_the_book_as_printed_stands_beside_the_book_corrected_with_the_reason(visit, used):
    printed = plant(used[0], tuned(**PRINTED), right=0.3, **COUNTS)
    corrected = plant(used[0], tuned(**CORRECTED), right=0.8, **(COUNTS | {"trainable_weight_layers": 1}))
    for run_id in (printed, corrected):
        page = visit("run", run=run_id, view="The book")
        assert LESSON in [header.value for header in page.main.subheader]
        assert [metric.value for metric in page.main.metric] == ["30.0 %", "80.0 %"]
        assert "The corrected one is 50.0 points better than the printed one" in said(page)
        assert "divided by 255" in said(page)
        assert "as printed, 3 of 3 layers with weights" in said(page)
        assert "corrected, 1 of 3 layers with weights" in said(page)


def test_without_both_recipes_there_is_no_lesson(visit, used):
    printed = plant(used[0], tuned(**PRINTED), right=0.3)
    plant(used[0], tuned(**CORRECTED, dataset="cifar10"), right=0.8)
    page = visit("run", run=printed, view="The book")
    assert LESSON not in [header.value for header in page.main.subheader]
    assert page.metric[0].label == "Accuracy on test images"


def test_a_tab_that_another_run_lacks_is_left_when_that_is_chosen(visit, used):
    printed = plant(used[0], tuned(**PRINTED), right=0.3)
    plant(used[0], tuned(**CORRECTED), right=0.8)
    other = plant(used[0], RunConfig(backbone="Tiny", n_train=200, n_test=100, dataset="cifar10"), right=0.6)
    page = visit("run", run=printed, view="The book")
    page.selectbox(key="choose-run").set_value(other).run()
    assert not page.exception
    assert page.metric[0].value == "60.0 %"


def test_nearest_neighbours_have_no_network_to_ask(visit, used):
    knn = plant(used[0], RunConfig(backbone="Tiny", method="knn", n_train=200, n_test=100), right=0.5)
    page = visit("run", run=knn, view="Images")
    wait(page, lambda: page.info)
    assert "nearest neighbours" in page.info[0].proto.title
    assert len(page.main.image) == 13  # twelve mistakes and the one in question


def test_a_stopped_run_can_go_on_and_shows_the_best_until_then(visit, used):
    made = plant(used[0], tuned(), right=0.6, status="stopped")
    page = visit("run", run=made)
    assert page.warning[0].proto.title.endswith("stopped")
    assert page.metric[0].value == "60.0 %"
    assert "Resume" in [button.label for button in page.main.button]


def test_a_failed_run_shows_its_error_and_no_result(visit, used):
    page = visit("run", run=used[2])
    assert "/nowhere/weights.h5" in page.warning[0].value
    assert not page.metric
    assert "Resume" not in [button.label for button in page.main.button]


def test_a_run_whose_server_died_is_found_interrupted_and_can_go_on(visit, used, monkeypatch):
    nobody = {"host": socket.gethostname(), "pid": 999_999, "started": 0.0}
    with monkeypatch.context() as earlier:
        earlier.setattr("core.runs.owners.this_process", lambda: nobody)
        made = runs.create(tuned())
        runs.start(made)
        points = {"validation_loss": 0.7, "validation_accuracy": 0.8}
        runs.Reporter(made)(Progress("finetune", 10, 20, metrics=points, step=1))
    page = visit("run", run=made)
    assert page.warning[0].proto.title.endswith("interrupted")
    assert len(page.main.get("plotly_chart")) == 1  # how far it had come
    assert "Resume" in [button.label for button in page.main.button]


def test_a_run_whose_workers_have_gone_says_how_to_start_one(visit, monkeypatch):
    options = {"n_workers": 0, "processes": False, "dashboard_address": "127.0.0.1:0"}
    with LocalCluster(**options) as cluster, Client(cluster, set_as_default=False) as client:
        address = cluster.scheduler_address
        monkeypatch.setenv("BACKBONE_LAB_SCHEDULER", address)
        run_id = runs.create(RunConfig(backbone="Tiny"), scheduler=address)
        waiting = client.submit(sum, [1], key=f"{run_id}-1", resources={"train": 1})
        page = visit("train", run=run_id)
        wait(page, lambda: any("No worker of" in warning.value for warning in page.warning))
        assert f"`dask worker {address} --nthreads" in page.warning[0].value
        waiting.cancel()


def test_measures_and_what_declining_brings(visit, used):
    page = visit("run", run=used[0], view="Measures")
    wait(page, lambda: "It answers" in said(page))
    table = page.dataframe[0].value.set_index("Measure")
    assert table.loc["Accuracy", "Value"] == formats.percent(runs.get(used[0]).outcome.accuracy)
    assert {"Balanced accuracy", "ROC area, macro", "Log loss"} <= set(table.index)
    row = next(row for row in runs.rows() if row.id == used[0])
    assert table.loc["F1, macro", "Value"] == formats.percent(row.macro_f1)  # stored with the run
    assert len(page.dataframe[1].value) == 10
    assert "It answers" in said(page)
    slider = next(slider for slider in page.slider if slider.key == "least-confidence")
    slider.set_value(0).run()
    assert "It answers **100.0 %** of the images" in said(page)


def test_a_cost_of_no_answer_lets_a_run_decline(visit, used):
    page = visit("run", run=used[0], view="Measures")
    wait(page, lambda: "The most probable class costs" in said(page))
    assert "Both give the same answers." in said(page)
    page.number_input(key="cost-declining").set_value(0.1).run()
    assert "No answer: " in said(page)
    page.number_input(key="cost-declining").set_value(None).run()
    assert "Both give the same answers." in said(page)
