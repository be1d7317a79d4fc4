"""Seeds of one entry are one row: a mean with its interval, and what is missing of it."""

import numpy as np
import pytest

from core import metrics, runs
from tests.run_rows import row


def seed(number: int, **facts) -> runs.RunRow:
    usual = {"id": f"run{number}", "name": f"Tiny MLP 32 px, seed {number}", "entry": "seeds-1", "seed": number}
    usual |= {"backbone": "Tiny", "method": "mlp", "protocol": f"a protocol, seed {number}"}
    if facts.get("status", "finished") == "finished":
        accuracy = metrics.wilson(80 + number, 100)
        usual |= {"accuracy": accuracy.value, "accuracy_low": accuracy.low, "accuracy_high": accuracy.high}
        usual |= {"n_test": 100.0, "seconds": 2.0}
    return row(**usual | facts)


def test_seeds_are_one_row_in_the_place_of_the_first_and_other_runs_stay_as_they_are():
    alone, other = row(id="alone"), seed(0, entry="seeds-2", id="other")
    folded = runs.fold([seed(2), alone, seed(0), other, seed(1)])
    assert [each.id for each in folded] == ["seeds-1", "alone", "seeds-2"]
    entry = folded[0]
    assert [each.id for each in entry.seeds] == ["run0", "run1", "run2"]
    assert (entry.name, entry.status, entry.error) == ("Tiny MLP 32 px", "finished", "")
    assert entry.accuracy == pytest.approx(0.81)
    assert entry.spread == pytest.approx(np.std([0.80, 0.81, 0.82], ddof=1))
    assert entry.protocol == "a protocol; mean of the seeds 0, 1, 2"
    assert folded[1] == alone


def test_the_interval_of_a_mean_is_that_of_its_seeds_and_images():
    (entry,) = runs.fold([seed(0), seed(1), seed(2)])
    interval, errors = metrics.mean_of_seeds([0.80, 0.81, 0.82], 100)
    assert (entry.accuracy_low, entry.accuracy_high) == (interval.low, interval.high)
    assert entry.standard_errors == errors
    assert errors.larger == "images"


def test_what_did_not_finish_is_said_and_leaves_the_mean_of_the_others():
    failed = seed(1, status="failed", error="No space left on the disk.")
    (entry,) = runs.fold([seed(0), failed, seed(2), seed(3, status="stopped")])
    assert entry.status == "finished"
    assert entry.accuracy == pytest.approx(0.81)
    assert entry.error == ("2 of 4 seeds finished: seed 1 failed (No space left on the disk.); seed 3 stopped.")
    assert [each.id for each in entry.runs] == ["run0", "run2"]
    (single,) = runs.fold([seed(0), failed])
    assert (single.accuracy, single.accuracy_low) == (0.8, metrics.wilson(80, 100).low)
    assert single.standard_errors is None and np.isnan(single.spread)


@pytest.mark.parametrize(
    ("statuses", "status"),
    [
        (("queued", "queued"), "queued"),
        (("finished", "queued"), "running"),
        (("failed", "running"), "running"),
        (("stopped", "stopped"), "stopped"),
        (("finished", "paused"), "finished"),
    ],
)
def test_an_entry_has_numbers_once_none_of_its_seeds_is_under_way(statuses, status):
    (entry,) = runs.fold([seed(number, status=each) for number, each in enumerate(statuses)])
    assert entry.status == status
    assert entry.has_result == (status == "finished")
    assert entry.runs and np.isnan(entry.spread)


def test_the_table_counts_the_seeds():
    table = runs.table(runs.fold([seed(0), seed(1), row(id="alone", accuracy=0.5)]))
    assert table["seeds"].tolist() == [2, 1]
    assert table["spread"].notna().tolist() == [True, False]
