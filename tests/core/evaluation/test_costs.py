"""The cheapest answers follow from costs and probabilities, and are the cheapest where these are true."""

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix

from core.errors import ConfigError
from core.evaluation import costs

EQUAL = 1 - np.eye(2)
FEVER = np.array([[0.0, 1.0], [9.0, 0.0]])  # to miss the second class costs nine false alarms


def calibrated(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Labels drawn with the very probabilities that are given, of two classes."""
    rng = np.random.default_rng(seed)
    second = rng.beta(0.7, 0.9, n)
    return (rng.random(n) < second).astype(int), np.stack([1 - second, second], axis=1)


def test_with_equal_costs_the_answer_is_the_most_probable_class():
    labels, p = calibrated(500)
    assert (costs.decide(p, EQUAL) == p.argmax(axis=1)).all()
    found = costs.saving(labels, p, EQUAL)
    assert found.usual == found.cheapest == np.mean(labels != p.argmax(axis=1))
    assert (found.changed, found.declined, found.saved.value) == (0, 0, 0)


@pytest.mark.slow
def test_the_threshold_of_two_classes_costs_least_of_all_thresholds():
    labels, p = calibrated(200_000)
    assert costs.threshold(FEVER) == pytest.approx(0.1)
    assert ((costs.decide(p, FEVER) == 1) == (p[:, 1] > 0.1)).all()
    tried = np.linspace(0, 1, 41)
    cost = [(confusion_matrix(labels, p[:, 1] > each) * FEVER).sum() / len(labels) for each in tried]
    assert tried[np.argmin(cost)] == pytest.approx(0.1, abs=0.03)
    found = costs.saving(labels, p, FEVER)
    assert found.cheapest == pytest.approx((confusion_matrix(labels, p[:, 1] > 0.1) * FEVER).sum() / len(labels))
    assert found.usual == pytest.approx((confusion_matrix(labels, p.argmax(axis=1)) * FEVER).sum() / len(labels))
    assert found.saved.low > 0


def test_declining_at_a_cost_is_a_threshold_on_the_confidence():
    labels, p = calibrated(20_000)
    declined = costs.decide(p, EQUAL, declining=0.2) == costs.DECLINED
    assert (declined == (p.max(axis=1) < 0.8)).all()
    found = costs.saving(labels, p, EQUAL, declining=0.2)
    assert found.declined == declined.mean()
    assert found.cheapest < min(found.usual, 0.2)
    assert found.accuracy == np.mean(p.argmax(axis=1)[~declined] == labels[~declined])
    free = costs.saving(labels, p, EQUAL, declining=0.0)
    assert free.cheapest == 0
    assert free.declined == np.mean(p.max(axis=1) < 1)


def test_the_interval_of_what_is_saved_holds_the_truth_about_as_often_as_it_says():
    truth = costs.saving(*calibrated(400_000, seed=1), FEVER).saved.value
    drawn = [costs.saving(*calibrated(300, seed=seed), FEVER).saved for seed in range(2, 102)]
    assert sum(each.low <= truth <= each.high for each in drawn) >= 89  # of 95 expected


@pytest.mark.parametrize("wrong", [np.nan, -1.0, np.inf])
def test_a_missing_or_negative_cost_is_told(wrong):
    with pytest.raises(ConfigError, match="missing or negative"):
        costs.check(np.array([[0.0, wrong], [1.0, 0.0]]))


def test_costs_that_call_for_a_wrong_answer_are_told():
    with pytest.raises(ConfigError, match="less than the right one"):
        costs.check(np.array([[2.0, 1.0], [1.0, 0.0]]))
    costs.check(FEVER)


def test_where_each_class_is_judged_by_itself_only_the_proportions_count():
    shares = np.array([[0.7, 0.3], [0.5, 0.5]])
    one_by_one = shares * [[0.01], [1.8]]  # of a sigmoid: rows that sum to less and to more than 1
    equal = 1 - np.eye(2)
    assert costs.decide(one_by_one, equal, 0.4).tolist() == costs.decide(shares, equal, 0.4).tolist() == [0, -1]
