"""A sweep: its runs, what it refuses, and the one that the validation images choose."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from core import runs, sweeps
from core.config import RunConfig
from core.errors import ConfigError
from core.runs import RunRow

MLP = RunConfig(backbone="Tiny", method="mlp")
TUNE = RunConfig(backbone="Tiny", method="finetune")
NOW = datetime(2026, 1, 1, tzinfo=UTC)
RATES = {"learning_rate": (1e-3, 1e-2), "hidden": (8, 16)}


def swept(*results: tuple[str, float, float]) -> RunRow:
    """The row of a sweep over `RATES` whose runs ended so: status, validation and test accuracy."""
    rows = [
        RunRow(
            id=f"run-{number}",
            name=f"Tiny MLP 32 px, {sweeps.described(config, RATES)}",
            status=status,
            created=NOW + timedelta(seconds=number),
            config=config,
            entry="sweep-1",
            validation_accuracy=validation,
            accuracy=test,
            n_val=100,
            n_test=100,
        )
        for number, (config, (status, validation, test)) in enumerate(
            zip(sweeps.configs(MLP, RATES), results, strict=False)
        )
    ]
    return runs.fold(rows)[0]


def test_a_grid_has_a_run_for_each_pair_of_values_in_their_order():
    grid = sweeps.configs(MLP, sweeps.parse(["learning-rate=1e-3, 1e-2,0.001", "hidden=8,16"]))
    assert [(config.learning_rate, config.hidden) for config in grid] == [(1e-3, 8), (1e-3, 16), (1e-2, 8), (1e-2, 16)]
    assert sweeps.varied(grid) == ("learning_rate", "hidden")
    assert {config.seed for config in grid} == {0}


@pytest.mark.parametrize(
    ("config", "vary", "words"),
    [
        (RunConfig(backbone="Tiny"), ["dropout=0,0.2"], "dropout changes nothing for linear"),
        (MLP, ["momentum=0,0.9"], "momentum changes nothing for mlp"),
        (TUNE, ["momentum=0,0.9"], "momentum changes nothing for finetune with the optimizer adam"),
        (replace(TUNE, unfreeze="all"), ["unfreeze_count=1,2"], "changes nothing for finetune when all trains"),
        (TUNE, ["batchnorm=inference,training"], "batchnorm changes nothing for finetune of Tiny, which has none"),
        (RunConfig(backbone="TextbookVGG16", method="scratch"), ["head_epochs=1,2"], "nothing for scratch"),
        (RunConfig(backbone="TextbookVGG16", method="scratch"), ["layer_decay=0.5,1"], "nothing for scratch"),
        (RunConfig(backbone="ToyCLIP", method="zero-shot"), ["pooling=avg,max"], "no validation images"),
        (MLP, ["n_train=100,200"], "judge each run by other images"),
        (MLP, ["backbone=Tiny,ToyCLIP"], "does not vary backbone"),
        (MLP, ["hidden=8"], "one value"),
        (MLP, ["hidden=8,many"], "'8,many'"),
        (MLP, ["hiden=8,16"], "closest is 'hidden'"),
        (MLP, ["hidden"], "has no values"),
        (MLP, ["hidden=8,16", "hidden=32,64"], "twice"),
        (MLP, ["epochs=0,20"], "the same"),
        (MLP, ["hidden=8,16", "epochs=1,2", "strength=0,1"], "at most 2"),
        (MLP, [f"hidden={','.join(map(str, range(1, 38)))}"], "37 runs is too large"),
        (MLP, ["learning_rate=0.1,11"], "learning rate is 11"),
    ],
)
def test_what_no_sweep_can_answer_is_refused_in_a_sentence(config, vary, words):
    with pytest.raises(ConfigError) as raised:
        sweeps.configs(config, sweeps.parse(vary))
    assert words in str(raised.value).replace("_", " " if " rate" in words else "_")


def test_every_setting_that_may_vary_gives_another_configuration():
    for config in (MLP, TUNE, RunConfig(backbone="Tiny", method="knn")):
        assert {"learning_rate", "neighbours"} & {*sweeps.settings(config)}
        assert not {"seed", "n_test", "recipe"} & {*sweeps.settings(config)}


def test_validation_chooses_and_the_test_accuracy_is_of_that_run_alone():
    row = swept(("finished", 0.7, 0.9), ("finished", 0.8, 0.6), ("finished", 0.8, 0.95), ("finished", 0.6, 0.99))
    assert row.chosen.id == "run-1"  # the first of equals, though a later one is better on the test images
    assert (row.accuracy, row.validation_accuracy, row.config.hidden) == (0.6, 0.8, 16)
    assert (row.name, row.status, row.n_seeds, row.error) == ("Tiny MLP 32 px", "finished", 1, "")
    assert [run.id for run in row.runs] == ["run-1"]
    assert row.covers("run-3") and row.covers("sweep-1")


def test_runs_that_did_not_finish_are_named_and_a_newer_one_takes_the_place_of_a_failed_one():
    row = swept(("finished", 0.7, 0.9), ("failed", 0.99, 0.9), ("stopped", 0.99, 0.9), ("finished", 0.6, 0.99))
    assert row.chosen.id == "run-0"
    assert (
        "2 of 4 runs finished: learning rate 0.001, hidden units 16 failed; learning rate 0.01, hidden units 8 stopped"
        in row.error
    )
    assert [run.id for run in row.failed] == ["run-1"] and row.resumable
    again = replace(row.cells[1], id="again", status="finished", created=NOW + timedelta(hours=1))
    row = runs.fold([*row.cells, again])[0]
    assert [run.id for run in row.cells] == ["run-0", "again", "run-2", "run-3"]
    assert row.chosen.id == "again" and not row.failed


def test_a_sweep_under_way_has_no_result_yet():
    row = swept(("finished", 0.7, 0.9), ("running", 0.0, 0.0), ("queued", 0.0, 0.0), ("queued", 0.0, 0.0))
    assert row.status == "running" and not row.has_result
