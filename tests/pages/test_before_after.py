"""Before and after: from a finished fine-tune to two maps, the numbers, and the images it fixed and broke."""

from pathlib import Path

import pytest

from core import execute, runs
from core.config import RunConfig
from tests.pages.conftest import another_home, take_over, wait

TUNE = RunConfig(
    backbone="Tiny",
    weights="untrained",
    input_size=8,
    method="finetune",
    n_train=60,
    n_test=60,
    head_epochs=1,
    epochs=2,
    learning_rate=0.01,
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, empty_store: Path) -> tuple[Path, str]:
    """A home folder with a finished fine-tune."""
    home = tmp_path_factory.mktemp("tuned")
    with another_home(home, empty_store):
        run_id = runs.create(TUNE)
        assert execute.perform(run_id) == "finished"
    return home, run_id


@pytest.fixture
def tuned(store, home: Path, made: tuple[Path, str]) -> str:
    """Id of the fine-tune, in the test's own home folder."""
    take_over(made[0], home)
    return made[1]


def test_without_a_fine_tune_the_page_says_what_would_be_here(visit, used):
    page = visit("before_after")
    assert any("No fine-tune yet" in text.value for text in page.markdown)


def test_one_button_draws_both_maps_and_the_page_tells_what_changed(visit, tuned):
    page = visit("before_after", map="pca")
    page = wait(page, lambda: any(button.key == "draw-several" for button in page.button))
    assert any("2 maps" in text.value for text in page.markdown)
    page.button(key="draw-several").click().run()
    wait(page, lambda: any("In feature space" in text.value for text in page.markdown))
    assert not page.error
    assert page.subheader[0].value == "In numbers"
    table = page.table[0].value
    assert list(table.columns) == ["Before", "After"]
    assert table.loc["Accuracy of the head", "After"].startswith(f"{100 * runs.get(tuned).outcome.accuracy:.1f} %")
    frozen = runs.get(tuned).outcome.frozen_accuracy
    assert table.loc["Accuracy of the head", "Before"].startswith(f"{100 * frozen:.1f} %")


def test_a_fixed_image_leads_to_its_place_on_the_maps(visit, tuned):
    page = visit("before_after", map="pca", changed="broken")
    page = wait(page, lambda: any(button.key == "draw-several" for button in page.button))
    page.button(key="draw-several").click().run()
    wait(page, lambda: any("In feature space" in text.value for text in page.markdown))
    after, stages = runs.predictions(tuned).set_index("row"), runs.stage_predictions(tuned)
    before = stages[stages["stage"] == "head"].set_index("row")["prediction"]
    broken = [row for row in after.index if before[row] == after.label[row] != after.prediction[row]]
    shown = [button.key for button in page.button if str(button.key).startswith("broken-")]
    assert sorted(shown) == sorted(f"broken-{row}" for row in broken)
    if broken:
        page.button(key=f"broken-{broken[0]}").click().run()
        assert page.query_params["row"] == str(broken[0])
        assert any(f"image {broken[0]}" in text.value for text in page.markdown)


def test_a_run_from_before_stages_were_kept_still_opens(visit, tuned, home):
    for file in home.glob("runs/artifacts/**/stage_predictions.parquet"):
        file.unlink()
    page = visit("before_after", map="pca")
    page = wait(page, lambda: any(button.key == "draw-several" for button in page.button))
    page.button(key="draw-several").click().run()
    wait(page, lambda: any("In feature space" in text.value for text in page.markdown))
    assert any("has no predictions of the frozen backbone" in info.value for info in page.info)
    assert "Accuracy of the head" not in page.table[0].value.index
    page = visit("run", run=tuned)
    assert not page.error


def test_the_run_page_holds_the_fine_tune_against_its_frozen_head(visit, tuned):
    page = visit("run", run=tuned)
    assert any("the frozen backbone" in text.value and "test images, only" in text.value for text in page.markdown)


def test_a_probe_in_the_address_is_said_to_be_none_of_this_page(visit, tuned):
    probe = runs.create(RunConfig(backbone="Tiny", n_train=60, n_test=60))
    execute.perform(probe)
    page = visit("before_after", map="pca", run=probe)
    assert any("linear" in toast.value and "cannot be shown on this page" in toast.value for toast in page.toast)
    assert not visit("before_after", map="pca", run=tuned).toast
