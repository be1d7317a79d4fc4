"""A sweep is one entry: chosen on Train, followed, opened, compared."""

import json
from pathlib import Path

import pytest

from core import execute, runs, sweeps
from core.config import RunConfig
from dashboard.ui import findings
from tests.pages.conftest import TINY, another_home, said, take_over
from tests.pages.test_run import links

MLP = RunConfig(**TINY, method="mlp", epochs=2)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, finished_store) -> tuple[Path, str]:
    """A home folder with a sweep of four runs beside the runs of `used`: three finished, one failed."""
    home = tmp_path_factory.mktemp("sweep")
    with another_home(home, finished_store[0]):
        grid = sweeps.configs(MLP, {"learning_rate": (1e-3, 1e-2), "hidden": (4, 8)})
        sweep = runs.new_entry(sweeps.varied(grid))
        for config in grid:
            run_id = runs.create(config, entry=sweep, varied=sweeps.varied(grid))
            if config is grid[-1]:
                runs.end(run_id, "failed", error="No memory left.")
            else:
                execute.perform(run_id)
    return home, sweep


@pytest.fixture
def sweep(used, home: Path, made: tuple[Path, str]) -> str:
    """The sweep, in the test's own home folder."""
    take_over(made[0], home)
    return made[1]


def test_a_sweep_is_a_heat_map_of_validation_and_one_test_result(visit, used, sweep):
    row = runs.row(sweep)
    page = visit("run", run=sweep)
    assert findings.sweep(row) in said(page)
    assert "3 of 4 runs finished" in page.warning[0].value
    heat, clicks, frame = json.loads(page.get("plotly_chart")[0].proto.spec)["data"]
    assert heat["z"][:3] == pytest.approx([100 * cell.validation_accuracy for cell in row.cells[:3]])
    assert heat["z"][3] is None and clicks["text"][3] == "failed"
    assert [point[0] for point in clicks["customdata"]] == [cell.id for cell in row.cells]
    assert (frame["x"], frame["y"]) == ([str(row.config.hidden)], [f"{row.config.learning_rate:g}"])
    shown = [f"{100 * row.chosen.accuracy:.1f} %"]
    assert [metric.value for metric in page.metric] == shown  # of the others no test accuracy
    assert "learning rate 0.01, hidden units 8 · failed" in links(page)
    compared = visit("compare", run=sweep)
    assert findings.sweep(row) in said(compared)
    table = compared.dataframe[0].value.set_index("run_id")
    assert table.loc[sweep, "accuracy"] == pytest.approx(100 * row.chosen.accuracy)
    assert not {*table.index} & {cell.id for cell in row.cells}
    one = visit("run", run=row.cells[0].id)
    assert "The whole sweep" in links(one) and not one.exception


def test_what_failed_is_run_again_in_its_place(visit, sweep):
    page = visit("run", run=sweep)
    failed = runs.row(sweep).failed
    next(button for button in page.button if button.label == "Resume").click().run()
    row = runs.row(sweep)
    assert len(row.cells) == 4 and not row.failed
    assert failed[0].id not in [cell.id for cell in row.cells]


def test_train_starts_a_sweep_and_refuses_what_would_change_nothing(visit, used):
    sweep = {"backbones": "Tiny", "method": "mlp", "epochs": "1", "n_train": "200", "vary": "hidden"}
    page = visit("train", **sweep, values_hidden="4, 8")
    assert "A sweep of 2 runs" in said(page)
    assert any("--vary hidden=4,8" in code.value for code in page.code)
    next(button for button in page.button if button.label == "Start 2 runs").click().run()
    made = [row for row in runs.fold(runs.rows()) if row.cells]
    assert [row.varied for row in made] == [("hidden",)]
    page = visit("train", **sweep, values_hidden="4")
    assert "at least two" in page.error[0].value
