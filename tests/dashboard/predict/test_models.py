"""Which models the page Predict offers, and by which names: planted runs."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from core.config import RunConfig
from core.runs import RunRow
from dashboard import server
from dashboard.predict import models

FINISHED = RunRow("a", "a run", "finished", datetime(2026, 1, 1, tzinfo=UTC), RunConfig(), accuracy=0.8)
OTHER = replace(FINISHED, id="b", config=RunConfig(method="knn"), accuracy=0.7)


@pytest.fixture
def stored(monkeypatch):
    """stored(rows) makes these the runs, newest first."""
    monkeypatch.setattr(server.explain, "classifiers", lambda: ["MobileNet"])
    return lambda *rows: monkeypatch.setattr(server.runs, "entries", lambda: list(rows))


def test_a_stopped_run_is_no_model_even_with_a_result(stored):
    stored(replace(FINISHED, id="s", status="stopped"), replace(FINISHED, id="r", status="running"), FINISHED)
    assert list(models.titles()) == ["imagenet:MobileNet", "a"]
    assert models.first() == ["imagenet:MobileNet", "a"]


def test_runs_are_called_by_what_they_are_and_equal_ones_by_what_sets_them_apart(stored):
    again = replace(FINISHED, id="c", accuracy=0.81)
    same = replace(FINISHED, id="d", created=FINISHED.created + timedelta(hours=1))
    stored(same, again, OTHER, FINISHED)
    names = models.titles()
    assert names["b"] == "a run (EfficientNetLite0, nearest neighbours, 224 px)"
    assert names["c"] == "a run (EfficientNetLite0, linear, 224 px) · 81.0 %"
    assert len(set(names.values())) == len(names)


def test_the_first_models_are_of_different_kinds_and_of_the_dataset_in_hand(stored):
    elsewhere = replace(FINISHED, id="e", config=RunConfig(dataset="pets", method="mlp"))
    stored(elsewhere, replace(FINISHED, id="c"), OTHER, FINISHED)
    assert models.first() == ["imagenet:MobileNet", "c", "b"]
