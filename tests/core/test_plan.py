"""A plan says before a run what the run then does."""

import pytest

from core import execute
from core.config import RunConfig
from core.errors import LabError
from core.plan import plan

TINY = RunConfig(backbone="Tiny", n_train=100, n_test=50)


def test_before_the_first_run_every_image_is_missing_and_no_speed_is_known():
    planned = plan(TINY)
    assert planned.n_train == 100
    assert planned.n_test == 50
    assert planned.missing == planned.images > 150  # validation too
    assert planned.estimate is None
    assert not planned.download


def test_after_a_run_nothing_is_missing_for_another_head():
    outcome = execute.execute(TINY).outcome
    assert outcome.n_train + outcome.n_val + outcome.n_test == plan(TINY).images
    assert plan(RunConfig(backbone="Tiny", method="knn", n_train=100, n_test=50)).missing == 0


def test_weights_that_are_not_here_are_announced_and_not_fetched(monkeypatch: pytest.MonkeyPatch, tmp_path):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    planned = plan(RunConfig(backbone="MobileNetV2", input_size=32, n_train=100, n_test=50))
    assert planned.download
    assert planned.missing == planned.images
    assert not list(tmp_path.iterdir())


def test_a_run_that_would_fail_fails_already_as_a_plan():
    with pytest.raises(LabError, match="at most"):
        plan(RunConfig(backbone="Tiny", n_test=501))
