"""Calibration is judged against what labels drawn from the probabilities themselves would give."""

from dataclasses import replace

import numpy as np
import pytest

from core import calibration


def planted(images: int, *, overconfidence: float = 1.0, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Labels drawn from probabilities, and those probabilities as someone overconfident states them."""
    random = np.random.default_rng(seed)
    logits = random.normal(0, 2, (images, 10))
    true = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    labels = (random.random((images, 1)) > true.cumsum(axis=1)).sum(axis=1)
    return labels, calibration.tempered(true, 1 / overconfidence)


@pytest.mark.slow
@pytest.mark.parametrize("images", [200, 500, 2000])
def test_the_error_expected_by_chance_is_that_of_perfectly_calibrated_runs(images):
    judged = [calibration.judge(*planted(images, seed=seed)) for seed in range(40)]
    errors = [measured.error for measured in judged]
    assert np.mean(errors) == pytest.approx(np.mean([measured.chance for measured in judged]), rel=0.1)
    assert np.mean([measured.misjudged for measured in judged]) <= 0.15
    assert all(measured.chance < measured.limit for measured in judged)


def test_more_images_show_smaller_errors():
    limits = [calibration.judge(*planted(images)).limit for images in (200, 500, 2000, 10_000)]
    assert limits == sorted(limits, reverse=True)
    assert limits[1] == pytest.approx(0.06, abs=0.015) and limits[3] == pytest.approx(0.014, abs=0.005)


@pytest.mark.parametrize("overconfidence", [0.5, 2.0])
def test_a_planted_temperature_is_found_and_mends_the_error(overconfidence):
    measured = calibration.judge(*planted(2000, overconfidence=overconfidence))
    assert measured.misjudged
    assert (measured.confidence > measured.accuracy) == (overconfidence > 1)
    assert measured.temperature == pytest.approx(overconfidence, rel=0.1)
    assert measured.corrected is not None and measured.corrected < measured.limit < measured.error
    without = calibration.measure(*planted(2000, overconfidence=overconfidence))
    assert without == replace(measured, temperature=None, corrected=None)


def test_what_no_temperature_mends_gets_none():
    """Wrong where it is certain, right where it hesitates."""
    labels = np.array([0] * 100 + [1] * 100)
    probabilities = np.array([[0.55, 0.45]] * 100 + [[0.9, 0.1]] * 100)
    measured = calibration.judge(labels, probabilities)
    assert measured.misjudged and measured.error == pytest.approx((0.45 + 0.9) / 2)
    assert measured.temperature is None or measured.corrected < measured.error


def test_the_same_predictions_are_judged_alike_and_certain_ones_without_a_warning():
    labels, probabilities = planted(300)
    assert calibration.judge(labels, probabilities) == calibration.judge(labels, probabilities)
    certain = calibration.judge(np.array([0, 1, 0]), np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]]))
    assert (certain.error, certain.limit, certain.misjudged) == (0, 0, False)
    wrong = calibration.judge(np.zeros(40, int), np.tile([0.0, 1.0], (40, 1)))
    assert wrong.misjudged and wrong.error == 1


def test_tempering_keeps_the_order_of_classes_and_sums_to_one():
    _, probabilities = planted(50)
    for value in (0.3, 1.0, 7.0):
        softened = calibration.tempered(probabilities, value)
        np.testing.assert_array_equal(softened.argsort(axis=1), probabilities.argsort(axis=1))
        np.testing.assert_allclose(softened.sum(axis=1), 1)
    np.testing.assert_allclose(calibration.tempered(probabilities, 1.0), probabilities)


def test_where_each_class_is_judged_by_itself_no_temperature_is_offered():
    rng = np.random.default_rng(0)
    probabilities = rng.uniform(0.5, 1, (400, 3))  # of a sigmoid: several are large
    judged = calibration.judge(rng.integers(0, 3, 400), probabilities)
    assert judged.misjudged and not judged.exclusive
    assert judged.temperature is None
