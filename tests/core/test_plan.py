"""A plan says before a run what the run then does."""

from dataclasses import replace

import pytest

from core import anatomy, execute, hardware, heads, runs, seeds
from core.config import RunConfig
from core.errors import LabError
from core.features import estimates, throughput
from core.plan import begins, plan
from core.progress import Progress

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
    for method in heads.METHODS:  # nor is the time of its head unknown
        planned = plan(RunConfig(backbone="Tiny", method=method, n_train=100, n_test=50))
        assert planned.missing == 0
        assert planned.estimate is not None
        assert planned.estimate.seconds < 10, method


@pytest.mark.slow
def test_seeds_share_the_features_of_all_their_images():
    alone, together = plan(TINY), plan(*seeds.configs(TINY, 3))
    assert alone.images < together.images < 3 * alone.images  # each draws its own training images
    assert together.missing == together.images
    for config in seeds.configs(TINY, 3):
        execute.execute(config)
    alone, together = plan(TINY), plan(*seeds.configs(TINY, 3))
    assert together.missing == 0
    assert alone.estimate is not None and together.estimate is not None
    assert together.estimate.seconds == pytest.approx(3 * alone.estimate.seconds)
    with pytest.raises(LabError, match="the same result 3 times"):
        seeds.configs(replace(TINY, n_train=0), 3)


def test_weights_that_are_not_here_are_announced_and_not_fetched(monkeypatch: pytest.MonkeyPatch, tmp_path):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    planned = plan(RunConfig(backbone="MobileNetV2", input_size=32, n_train=100, n_test=50))
    assert planned.download
    assert planned.missing == planned.images
    assert not (tmp_path / "keras").exists()


def test_a_run_that_would_fail_fails_already_as_a_plan():
    with pytest.raises(LabError, match="at most"):
        plan(RunConfig(backbone="Tiny", n_test=501))


TUNE = RunConfig(
    backbone="Tiny", weights="untrained", method="finetune", n_train=100, n_test=50, epochs=4, unfreeze="blocks"
)


def test_a_fine_tune_counts_only_the_layers_that_train_once_their_share_is_known(home):
    throughput.record("Tiny", TUNE.input_size, 100, hardware.name())
    whole = plan(TUNE).estimate
    anatomy.describe("Tiny", TUNE.input_size)
    assert plan(TUNE).estimate.seconds < whole.seconds
    assert plan(replace(TUNE, augment="flip")).estimate.seconds == pytest.approx(whole.seconds, rel=0.01)


def test_a_fine_tune_from_a_probe_has_no_head_phase_to_count(home):
    throughput.record("Tiny", TUNE.input_size, 100, hardware.name())
    assert plan(replace(TUNE, head_epochs=0)).estimate.seconds < plan(TUNE).estimate.seconds


def test_a_fine_tune_counts_building_and_compiling_as_they_took_here(home):
    throughput.record("Tiny", TUNE.input_size, 100, hardware.name())
    unknown = plan(TUNE).estimate.seconds
    estimates.time_work(f"build {TUNE.training_name}", 1, 70.0, size=TUNE.input_size)
    assert plan(TUNE).estimate.seconds - unknown == pytest.approx(70 - 1 / estimates.ELSEWHERE["build"])


def test_a_run_is_likely_to_begin_when_those_before_it_are_done(store):
    other = replace(TINY, backbone="Tiny", input_size=40)
    ids = [runs.create(config) for config in (TINY, TINY, other, TINY)]
    assert begins(runs.active(), 1) == dict(zip(ids, [0.0, None, None, None], strict=True))  # its speed is not known
    assert list(begins(runs.active(), 2).values())[:2] == [0.0, 0.0]
    throughput.record("Tiny", TINY.input_size, 100, hardware.name())
    first, second, third, fourth = begins(runs.active(), 1).values()
    assert first == 0.0
    assert second > plan(TINY).missing / 100
    assert third - second < second, "the features are in the cache by then"
    assert fourth > third
    runs.start(ids[0])
    runs.Reporter(ids[0]).flush(Progress("extract", 10, 250, seconds_left=3.0))
    assert list(begins(runs.active(), 1).values()) == pytest.approx([second, third, fourth])


def test_one_run_that_is_going_to_fail_leaves_the_times_of_the_others_known(store):
    throughput.record("Tiny", TINY.input_size, 100, hardware.name())
    first, bad, last = (runs.create(config) for config in (TINY, replace(TINY, n_test=501), TINY))
    known = begins(runs.active(), 2)
    assert known[first] == known[bad] == 0.0
    assert known[last] > 0.0


def test_a_training_says_itself_how_long_it_will_take(store):
    tuned, waiting = runs.create(TUNE), runs.create(TINY)
    runs.start(tuned)
    for stage, known in (("head", None), ("finetune", 7.0)):
        throughput.record("Tiny", TUNE.input_size, 0.001, hardware.name())
        runs.Reporter(tuned).flush(Progress(stage, 1, 4, seconds_left=7.0))
        seconds = begins(runs.active(), 1)[waiting]
        assert seconds == known if known else seconds > 1000


@pytest.mark.slow
def test_what_was_said_of_a_run_is_kept_beside_the_time_it_took(store, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(estimates, "SHORTEST", 0.0)
    throughput.record("Tiny", TINY.input_size, 1000, hardware.name())
    assert execute.perform(runs.create(replace(TINY, weights="untrained"))) == "finished"
    kept = estimates.tasks()
    assert list(kept["kind"]) == ["linear"]
    assert kept["taken"][0] > 0
