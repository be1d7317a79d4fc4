"""Several seeds are one entry on every page: chosen on Train, followed, opened, compared, and deleted."""

import html
from pathlib import Path

import pytest

from core import execute, runs, seeds
from core.config import RunConfig
from core.evaluation import comparison
from dashboard.run import report
from dashboard.ui import findings
from tests.pages.conftest import TINY, another_home, said, take_over, wait
from tests.pages.test_run import links


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, finished_store) -> tuple[Path, str]:
    """A home folder with an entry of three seeds beside the runs of `used`; the last was stopped."""
    home = tmp_path_factory.mktemp("seeds")
    with another_home(home, finished_store[0]):
        entry = runs.new_entry()
        for config in seeds.configs(RunConfig(**TINY, method="mlp", epochs=2), 3):
            run_id = runs.create(config, entry=entry)
            if config.seed < 2:
                execute.perform(run_id)
            else:
                runs.end(run_id, "stopped")
    return home, entry


@pytest.fixture
def entry(used, home: Path, made: tuple[Path, str]) -> str:
    """The entry, in the test's own home folder."""
    take_over(made[0], home)
    return made[1]


def test_the_mean_its_doubt_and_each_seed_are_on_run_and_compare(visit, entry):
    row = runs.row(entry)
    page = visit("run", run=entry)
    text = said(page)
    assert findings.seeds(row) in text
    assert "2 of 3 seeds finished: seed 2 stopped" in page.warning[0].value
    assert "Resume" in [button.label for button in page.button]
    for run in row.seeds[:2]:
        assert f"Seed {run.config.seed} · {100 * run.accuracy:.1f} %" in links(page)
    assert "Seed 2 · stopped" in links(page)
    assert not page.exception
    assert "Resume" in [button.label for button in visit("train", run=entry).button]
    page = visit("compare", run=entry)
    assert findings.seeds(row) in said(page)
    table = page.dataframe[0].value
    assert table["run_id"].tolist().count(entry) == 1
    assert not set(table["run_id"]) & {run.id for run in row.seeds}


def test_an_entry_has_one_verdict_on_run_in_compare_and_in_the_report(visit, used, entry):
    row, other = runs.row(entry), runs.row(used[0])
    change = comparison.of_runs(row, other)
    assert change.standard_errors is not None and change.standard_errors.counts == (2, 1)
    interval = f"{100 * abs(change.difference):.1f} points"
    page = visit("run", run=entry, view="Against another", other=used[0])
    assert interval in said(page) and "The larger uncertainty comes from" in said(page)
    sentence = said(page).split("The larger uncertainty comes from")[1].split("single run")[0]
    assert sentence in html.unescape(report.html([entry, used[0]]))


def test_a_seed_is_opened_as_a_run_and_lists_its_entry_beside_it(visit, entry):
    first = runs.row(entry).seeds[0]
    page = visit("run", run=first.id)
    assert not page.exception
    box = page.selectbox(key="choose-run")
    assert box.value == first.id
    assert sum("seed 1" in option for option in box.options) == 1
    assert "All its seeds" in links(page)


def test_a_run_is_compared_with_one_seed_that_an_address_names(visit, used, entry):
    seed = runs.row(entry).seeds[0].id
    page = visit("run", run=used[0], view="Against another", other=seed)
    assert not page.warning
    assert page.query_params["other"] in (seed, [seed])


def test_a_mean_over_seeds_is_one_line_to_reach_on_few_shot(visit, store):
    entry = runs.new_entry()
    for config in seeds.configs(RunConfig(backbone="Tiny", n_train=200), 2):
        execute.perform(runs.create(config, entry=entry))
    page = visit("few_shot", backbones="Tiny", input_size="32", lines=entry)
    wait(page, lambda: any(box.key == "lines" for box in page.multiselect))
    assert [option for option in page.multiselect(key="lines").options if "2 seeds" in option]
    assert page.multiselect(key="lines").value == [entry]
    assert len(page.multiselect(key="lines").options) == 1


def test_train_starts_seeds_as_one_entry_and_refuses_seeds_that_would_all_be_the_same(visit, used):
    page = visit("train", backbones="Tiny", n_train="200", n_test="100", seeds="2")
    button = next(button for button in page.button if button.label == "Start 2 runs")
    button.click().run()
    page = visit("train")
    made = [row for row in runs.fold(runs.rows()) if row.seeds]
    assert [len(row.seeds) for row in made] == [2]
    assert {run.config.seed for run in made[0].seeds} == {0, 1}
    page = visit("train", backbones="Tiny", seeds="5")
    assert "each seed draws its own" in page.error[0].value
    assert next(button for button in page.button if button.label == "Start").disabled


def test_deleting_an_entry_deletes_its_seeds_and_nothing_else(visit, used, entry):
    page = visit("run", run=entry)
    next(button for button in page.button if button.label == "Delete all 3 seeds").click().run()
    assert {row.id for row in runs.rows()} == set(used)


def test_one_seed_can_be_deleted_and_the_mean_is_of_the_others(entry):
    gone = runs.row(entry).seeds[2]
    runs.delete(gone.id)
    row = runs.row(entry)
    assert (len(row.seeds), row.error) == (2, "")
