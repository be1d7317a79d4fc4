"""The run store: what goes in comes out, also by MLflow itself."""

import pytest

from core import runs
from core.errors import RunError
from tests.core.runs.results import TINY, finish

pytestmark = pytest.mark.usefixtures("store")


def test_a_config_comes_back_as_it_was_given():
    run = runs.get(runs.create(TINY))
    assert (run.config, run.status, run.outcome) == (TINY, "queued", None)


def test_the_table_has_every_column_also_when_it_is_empty(head):
    assert runs.table(runs.rows()).columns.tolist() == runs.COLUMNS
    run_id = runs.create(TINY)
    runs.start(run_id)
    finish(run_id, head)
    waiting = runs.create(TINY)
    table = runs.table(runs.rows()).set_index("run_id")
    assert table.loc[run_id, ["accuracy", "seconds", "n_test_used", "backbone"]].tolist() == [0.5, 10.0, 50.0, "Tiny"]
    assert table.loc[waiting, ["accuracy", "seconds"]].isna().all()
    assert table.index.tolist() == [waiting, run_id]


def test_mlflow_itself_reads_the_same_run(head, store):
    from mlflow.tracking import MlflowClient

    run_id = runs.create(TINY)
    runs.start(run_id)
    finish(run_id, head)
    found = MlflowClient(f"sqlite:///{store}").get_run(run_id)
    assert found.info.status == "FINISHED"
    assert found.data.metrics["accuracy"] == 0.5
    assert found.data.params["backbone"] == "Tiny"


def test_an_unknown_run_is_named():
    with pytest.raises(RunError, match="no run 'nonsense'"):
        runs.get("nonsense")
