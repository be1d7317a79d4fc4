"""Compare answers from the runs, lists them all, and shows the images behind a number."""

import json

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from core import backbones, execute, runs
from core.config import RunConfig
from core.data import datasets
from core.embeddings import Source
from core.evaluation import few_shot
from dashboard.compare import results
from dashboard.state import address
from tests.pictures import photo, pictures, write_folder

pytestmark = pytest.mark.filterwarnings("ignore:Series.values returning an ndarray")  # PyArrow reads times so


def test_without_runs_it_says_where_to_make_one(visit):
    page = visit("compare")
    assert any("Nothing to compare yet" in text.value for text in page.markdown)
    assert "Run the demo" in [link.proto.label for link in page.get("page_link")]


def test_three_questions_are_answered_and_every_run_has_a_row(visit, used):
    page = visit("compare")
    assert sum("?**" in text.value for text in page.main.markdown) == 3
    table = page.dataframe[0].value
    assert set(table["run_id"]) == set(used)
    assert sorted(table["status"]) == ["failed", "finished", "finished", "stopped"]


def test_a_winner_on_a_leaky_split_says_so_in_the_answers_the_table_and_on_its_card(visit, store, tmp_path):
    training = pictures(8, above="train/")
    copies = {name.replace("train/", "test/"): content for name, content in list(training.items())[::2]}
    other = {f"test/{name}/new.jpg": photo((99, 99, number)) for number, name in enumerate(("cats", "dogs"))}
    datasets.import_images(write_folder(tmp_path / "leaky", training | copies | other))
    run_id = runs.create(RunConfig(dataset="leaky", backbone="Tiny", method="knn"))
    execute.perform(run_id)
    page = visit("compare", run=run_id)
    sentence = "8 of the 10 test images are nearly training images (80.0 %); on the 2 others its accuracy is"
    assert any(f"But {sentence}" in text.value for text in page.main.markdown)
    assert page.dataframe[0].value["clean_accuracy"].tolist() == [50.0]
    assert any(sentence in caption.value for caption in page.caption)


def test_a_filter_leaves_only_its_runs(visit, used):
    page = visit("compare")
    page.multiselect(key="only_status").select("failed").run()
    assert page.dataframe[0].value["run_id"].tolist() == [used[2]]
    assert not page.get("plotly_chart")


def test_a_chosen_run_is_shown_on_a_card_with_links_to_open_it_and_to_compare_it(visit, used):
    page = visit("compare", run=used[0])
    assert page.metric[0].label == "Accuracy on test images"
    assert any("Best at **" in text.value for text in page.main.markdown)
    links = {link.proto.label: link.proto.query_string for link in page.main.get("page_link")}
    assert f"run={used[0]}" in links["Open this run"]
    assert "view=Against" in links["Compare with another run"]


def test_a_failed_run_shows_its_error(visit, used):
    page = visit("compare", run=used[2])
    assert any("/nowhere/weights.h5" in warning.value for warning in page.warning)


def test_a_deleted_run_is_gone(visit, used):
    page = visit("compare", run=used[1])
    next(button for button in page.main.button if button.label == "Delete this run").click().run()
    assert not page.exception
    assert used[1] not in set(page.dataframe[0].value["run_id"])
    assert set(runs.table(runs.rows())["run_id"]) == {used[0], *used[2:]}
    assert "run" not in page.query_params


def test_best_and_last_validation_stand_side_by_side_where_a_head_has_epochs(visit, used):
    table = visit("compare").dataframe[0].value.set_index("run_id")
    best, last = table.loc[used[1], ["validation_accuracy", "last_validation_accuracy"]]
    assert best > last - 1e-3 > 0  # percent
    assert pd.isna(table.loc[used[0], "last_validation_accuracy"])


def test_there_is_a_csv_to_download(visit, used):
    assert visit("compare").get("download_button")[0].label == "CSV"


def test_a_run_gets_a_name_a_group_and_tags_by_which_runs_are_filtered(visit, used):
    page = visit("compare", run=used[0])
    assert not any(choice.key in ("only_group", "only_tag") for choice in page.multiselect)
    page.text_input(key=f"name-{used[0]}").set_value("<b>best</b> *so far*")
    page.text_area(key=f"note-{used[0]}").set_value("for the lecture")
    next(button for button in page.main.button if button.label == "Save").click().run()
    assert not page.exception
    runs.describe(used[1], name="other", group="homework", tags=["=1+1", "late"])
    page.run()
    named = page.dataframe[0].value.set_index("run_id")
    assert named.loc[used[0], ["name", "note"]].tolist() == ["<b>best</b> *so far*", "for the lecture"]
    page.multiselect(key="only_group").select("homework").run()
    assert page.dataframe[0].value["run_id"].tolist() == [used[1]]
    page.multiselect(key="only_tag").select("=1+1").run()
    assert page.dataframe[0].value["run_id"].tolist() == [used[1]]


def test_of_many_runs_the_best_have_a_bar_and_all_a_row(visit, used):
    done = runs.get(used[0])
    result = runs.Result(done.tested(), runs.predictions(done.id), runs.confusion(done.id), head=runs.head(done.id))
    for _ in range(results.MOST_BARS):
        again = runs.create(done.config)
        runs.finish(again, result)
    page = visit("compare")
    assert len(page.dataframe[0].value) == results.MOST_BARS + len(used)
    bars = next(json.loads(chart.proto.spec) for chart in page.get("plotly_chart") if '"bar"' in chart.proto.spec)
    assert len(bars["data"][0]["customdata"]) == results.MOST_BARS
    assert any(f"of {results.MOST_BARS + 2} finished runs" in text.value for text in page.main.caption)


def test_what_a_zero_shot_is_worth_is_asked_beside_probes_and_answered_once_a_curve_is_there(visit, used):
    execute.perform(runs.create(RunConfig(backbone="ToyCLIP", method="zero-shot")))
    execute.perform(runs.create(RunConfig(backbone="ToyCLIP")))

    def said(page):
        return next(text.value for text in page.main.markdown if "are the class names worth" in text.value)

    page = visit("compare")
    assert "Not measured yet" in said(page)
    assert any("says nothing about CLIP" in box.value for box in page.info)
    table = page.dataframe[0].value.set_index("method")
    assert table.loc["Zero-shot", "labelled"] == 0
    assert table.loc["Zero-shot", "network_params"] == backbones.get("ToyCLIP").params
    few_shot.measure(Source(images="test", backbone="ToyCLIP"))
    assert "ToyCLIP at 32 px" in said(page.run())
    assert "to reach ToyCLIP's zero-shot on CIFAR-10 sample" in said(page)


def test_without_a_zero_shot_run_nothing_is_asked_of_it(visit, used):
    assert not any("are the class names worth" in text.value for text in visit("compare").main.markdown)


def test_runs_on_other_test_images_stand_in_a_group_of_their_own_which_the_address_names(visit, used):
    few = runs.create(RunConfig(backbone="Tiny", n_train=50, n_test=20))
    execute.perform(few)
    page = visit("compare")
    assert few not in set(page.dataframe[0].value["run_id"])
    assert not any("different test images" in box.value for box in page.warning)
    page.segmented_control(key="tested_on").set_value("cifar10-sample:20").run()
    assert page.dataframe[0].value["run_id"].tolist() == [few]
    assert page.query_params["tested_on"] == "cifar10-sample:20"
    shown = visit("compare", run=few)
    assert shown.dataframe[0].value["run_id"].tolist() == [few]


def test_a_group_that_is_not_there_is_said(visit, used):
    execute.perform(runs.create(RunConfig(backbone="Tiny", n_train=50, n_test=20)))
    page = visit("compare", tested_on="pets:12")
    assert any("pets:12" in box.value for box in page.warning)
    assert "tested_on" not in page.query_params
    assert set(page.dataframe[0].value["run_id"]) == set(used)


def test_what_is_not_the_architecture_is_said_beside_a_link_to_the_fair_run(visit, used):
    execute.perform(runs.create(RunConfig(backbone="ToyCLIP", n_train=100, n_test=100)))
    page = visit("compare")
    assert any("Not the architecture: the training images" in text.value for text in page.main.markdown)
    link = next(link for link in page.main.get("page_link") if "Make it fair" in link.proto.label)
    assert "n_train=" in link.proto.query_string and "method=linear" in link.proto.query_string


def test_runs_are_ranked_by_the_measure_that_is_chosen(visit, used):
    page = visit("compare", measure="log_loss")
    bars = next(json.loads(chart.proto.spec) for chart in page.get("plotly_chart") if '"bar"' in chart.proto.spec)
    losses = {row.id: row.log_loss for row in runs.rows() if row.has_result}
    assert [point[0] for point in bars["data"][0]["customdata"]] == sorted(losses, key=losses.get, reverse=True)
    page.selectbox(key="measure").set_value("macro_f1").run()
    assert page.query_params["measure"] == "macro_f1"
    assert page.dataframe[0].value.set_index("run_id")["macro_f1"].dropna().between(1, 100).sum() == len(losses)


def select(ids: list[str]) -> AppTest:
    """What the page shows below its table for these selected rows, which AppTest cannot select."""

    def selected(ids: list[str]) -> None:
        from dashboard import server
        from dashboard.compare import several

        several.show([row for row in server.runs.entries() if row.id in ids])

    return AppTest.from_function(selected, kwargs={"ids": ids}, default_timeout=120).run()


def test_two_selected_runs_are_compared_image_by_image_and_more_by_their_curves(visit, used):
    visit("compare")
    runs.describe(used[0], name="*mine*")
    two = select(used[:2])
    assert [metric.label for metric in two.metric] == ["Linear, epoch by epoch", "Linear"]
    assert any("Image by image" in each.value for each in two.subheader)
    assert any(r"\*mine\*" in each.value for each in two.subheader)
    more = select(used[:3])
    bars, curves = (json.loads(chart.proto.spec)["data"] for chart in more.get("plotly_chart"))
    assert len(bars[0]["y"]) == 2
    assert {trace["legendgroup"] for trace in curves} <= {"Training", "Validation"}
    assert any("Curves of 1 of them" in each.value for each in more.caption)
    assert not (two.exception or more.exception)


def test_a_run_that_somebody_named_is_called_so_in_the_answers(visit, used):
    for run_id in used[:2]:
        runs.describe(run_id, name="the <b>one</b>")
    assert any(r"the \<b\>one\</b\> (Tiny" in text.value for text in visit("compare").main.markdown)


def test_an_archived_run_is_hidden_until_a_switch_shows_it_and_it_is_brought_back(visit, used):
    page = visit("compare", run=used[1])
    page.button(key=f"archive-{used[1]}").click().run()  # of this run: a second click is not for the next one
    assert used[1] not in set(page.dataframe[0].value["run_id"])
    assert "run" not in page.query_params
    assert {row.id for row in runs.rows() if row.archived} == {used[1]}
    page.segmented_control(key="archived").set_value("shown").run()
    assert set(page.dataframe[0].value["run_id"]) == set(used)
    opened = visit("run", run=used[1])
    assert not opened.main.warning
    next(button for button in opened.main.button if button.label == "Bring it back").click().run()
    assert not [row for row in runs.rows() if row.archived]
    assert opened.query_params["run"] == used[1]


def test_a_link_selects_several_runs_and_says_which_are_not_here(visit, used):
    page = visit("compare", selected="+".join([*used[:2], "no-such-run"]))
    assert any("Image by image" in each.value for each in page.subheader)
    assert page.query_params["selected"] in ("+".join(used[1::-1]), ["+".join(used[1::-1])])
    assert any("no-such-run" in box.value for box in page.warning)


def test_columns_are_chosen_and_kept_for_the_next_visit_but_those_of_a_link_or_of_back_are_not(
    visit, used, monkeypatch
):
    page = visit("compare")
    page.segmented_control(key="columns").set_value("chosen").run()
    page.multiselect(key="column").set_value(["accuracy", "seed"]).run()
    assert page.query_params["column"] in ("accuracy+seed", ["accuracy+seed"])
    assert list(page.dataframe[0].proto.column_order) == ["name", "accuracy", "seed"]
    page.query_params.clear()
    with monkeypatch.context() as back:
        back.setattr(address, "by_history", lambda: True)
        page.run()
    page.run()
    assert "columns" not in page.query_params
    again = visit("compare")
    assert list(again.dataframe[0].proto.column_order) == ["name", "accuracy", "seed"]
    assert "batch_size" in visit("compare", columns="all").dataframe[0].proto.column_order
    assert list(visit("compare").dataframe[0].proto.column_order) == ["name", "accuracy", "seed"]


def test_the_charts_are_coloured_by_group_or_tags_where_there_are_any(visit, used):
    assert not any(box.key == "coloured_by" for box in visit("compare").selectbox)
    runs.describe(used[0], name="mine", group="<b>Mon</b>day", tags=["x", "y"])
    page = visit("compare", coloured_by="group")
    bars, time = (json.loads(chart.proto.spec)["data"] for chart in page.get("plotly_chart"))
    assert len(set(bars[0]["marker"]["color"])) == 2
    assert {trace["name"] for trace in time[1:]} == {"&lt;b&gt;Mon&lt;/b&gt;day", "No group"}
    page.selectbox(key="coloured_by").set_value("tags").run()
    assert {trace["name"] for trace in json.loads(page.get("plotly_chart")[1].proto.spec)["data"][1:]} == {
        "x, y",
        "No tags",
    }
