"""Robustness: a run on shifted copies of its test images, kept, and the mean drop with its interval."""

import numpy as np
import pytest

from core import features, metrics, runs
from core.config import RunConfig
from core.evaluation import robustness
from core.execute import perform
from core.features.estimates import Count

PROBE = RunConfig(backbone="Tiny", weights="untrained", input_size=8, n_train=60, n_test=40)


def test_a_drop_is_paired_by_image():
    clean = np.array([True] * 8 + [False] * 2)
    assert robustness.mean_drop(clean, np.tile(clean, (2, 3, 1))).value == 0
    right = np.zeros((2, 5, 10), bool)
    right[0] = clean
    found = robustness.mean_drop(clean, right)
    assert found.value == pytest.approx(0.4) and 0 < found.low < 0.4 < found.high


@pytest.mark.slow
def test_a_probe_is_asked_about_every_shift_and_remembered(store):
    run_id = runs.create(PROBE)
    perform(run_id)
    assert robustness.find(run_id) is None
    rows = runs.predictions(run_id)["row"].to_numpy()
    before, after = Count("robustness"), Count("robustness")
    robustness.count(run_id, rows, into=before)
    found = robustness.measure(run_id)
    assert found == robustness.find(run_id)
    assert found.clean == pytest.approx(runs.get(run_id).outcome.accuracy)
    assert len(found.accuracies) == 6 and all(len(each) == 5 for each in found.accuracies.values())
    assert found.drop.value == pytest.approx(found.clean - np.mean(list(found.accuracies.values())))
    assert len(features.entries()) == 7  # of the images as they are, and of each shift
    robustness.count(run_id, rows, into=after)
    assert (before.images, after.images) == (6 * 5 * 40, 0)


def test_a_mean_over_seeds_has_the_doubt_of_images_and_seeds():
    def of(shares: list[float], drop: float) -> robustness.Robustness:
        interval = metrics.Interval(drop, drop - 0.01, drop + 0.01)
        return robustness.Robustness(0.8, {"blur": shares, "jpeg": shares}, interval, 500, "")

    alike = robustness.mean([of([0.6, 0.4], 0.3)] * 3)
    apart = robustness.mean([of([0.6, 0.4], 0.3), of([0.7, 0.5], 0.2), of([0.5, 0.3], 0.4)])
    assert alike.clean == apart.clean == pytest.approx(0.8)
    assert alike.accuracies["blur"] == pytest.approx([0.6, 0.4])
    assert apart.accuracies["blur"] == pytest.approx([0.6, 0.4])
    assert alike.interval("blur", 1) == metrics.mean_of_seeds([0.6] * 3, 500)[0]
    assert apart.interval("blur", 1) == metrics.mean_of_seeds([0.6, 0.7, 0.5], 500)[0]
    assert (alike.drop.low, alike.drop.high) == pytest.approx((0.29, 0.31), abs=1e-4)
    assert apart.drop.value == pytest.approx(0.3) and apart.drop.high - 0.3 > 2 * 0.1 / np.sqrt(3)  # t for two
    assert apart.corrupted_interval.high > alike.corrupted_interval.high


def test_probes_and_networks_that_trained_can_be_asked():
    assert robustness.takes("linear") and robustness.takes("finetune") and not robustness.takes("something")
