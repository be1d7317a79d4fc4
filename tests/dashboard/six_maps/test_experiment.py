"""The book's experiment: its choices decide both runs, and so which runs of the store they are."""

from datetime import UTC, datetime

import pytest

from core.config import RunConfig
from core.runs import RunRow
from dashboard.six_maps import experiment

FIELDS = {"dataset": "cifar10-sample", "backbone": "Tiny", "input_size": 32, "n_test": 100, "seed": 0}
TRAINED = {"epochs": 2, "learning_rate": 1e-4, "unfreeze_count": 1}


def line(config: RunConfig, run_id: str) -> RunRow:
    return RunRow(run_id, "a run", "finished", datetime(2026, 1, 1, tzinfo=UTC), config)


def test_a_fifth_is_for_the_probe_and_the_rest_for_the_fine_tune():
    asked = experiment.planned(FIELDS, TRAINED, 500)
    assert (asked.probe.train_split, asked.probe.n_train, asked.probe.method) == ("probe20", 100, "linear")
    assert (asked.tune.train_split, asked.tune.n_train, asked.tune.method) == ("finetune80", 400, "finetune")
    assert asked.probe.n_test == asked.tune.n_test == 100


def test_all_images_are_all_of_both():
    asked = experiment.planned(FIELDS, TRAINED, 0)
    assert asked.probe.n_train == asked.tune.n_train == 0


def test_runs_are_found_by_what_was_asked_the_newest_first():
    asked = experiment.planned(FIELDS, TRAINED, 500)
    other = experiment.planned(FIELDS | {"seed": 1}, TRAINED, 500)
    runs = [
        line(asked.tune_from("b"), "newest"),
        line(asked.tune_from("a"), "of another probe"),
        line(other.probe, "another seed"),
        line(asked.probe, "b"),
        line(asked.probe, "a"),
    ]
    probe, tune = experiment.find(asked, runs)
    assert (probe.id, tune.id) == ("b", "newest")


@pytest.mark.parametrize("runs", [[], ["x"]], ids=["nothing", "a fine-tune without its probe"])
def test_without_its_probe_there_is_no_experiment(runs):
    asked = experiment.planned(FIELDS, TRAINED, 500)
    assert experiment.find(asked, [line(asked.tune, run_id) for run_id in runs]) == (None, None)
