"""The linear head: the optimum of its objective, and a strength chosen on validation."""

import numpy as np
import pytest
import scipy.linalg  # noqa: F401 - its threads can be counted once it is loaded
from threadpoolctl import threadpool_info, threadpool_limits

from core.heads import Options
from core.heads.linear import STRENGTHS
from tests.core.heads.blobs import blobs, fit


def threads() -> set[int]:
    """The threads of each BLAS in this process."""
    return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}


needs_threads = pytest.mark.skipif(not threads(), reason="threadpoolctl knows no BLAS here (macOS: Accelerate)")


def test_linear_finds_the_optimum_that_scikit_learn_finds():
    from sklearn.linear_model import LogisticRegression

    strength = 0.01
    head = fit("linear", spread=2.0, options=Options(strength=strength))
    (x, y), (other, _) = blobs(0, spread=2.0), blobs(2, spread=2.0)
    mean, deviation = x.mean(axis=0), x.std(axis=0)
    reference = LogisticRegression(C=1 / (strength * len(x)), tol=1e-9, max_iter=1000).fit((x - mean) / deviation, y)
    expected = reference.predict_proba((other - mean) / deviation)
    np.testing.assert_allclose(head.predict_proba(other), expected, atol=2e-3)


def test_strength_is_chosen_on_validation_and_a_given_one_is_kept():
    noisy = fit("linear", spread=3.0)
    assert noisy.chosen["strength"] in STRENGTHS
    best = max(point["validation_accuracy"] for point in noisy.curves)
    assert noisy.chosen["validation_accuracy"] == best
    assert fit("linear", options=Options(strength=0.5)).chosen["strength"] == 0.5


@needs_threads
def test_a_head_is_solved_on_one_thread_and_other_work_keeps_its_threads():
    solving = set()
    with threadpool_limits(2, user_api="blas"):
        fit("linear", report=lambda progress: solving.update(threads()))
        assert threads() == {2}
    assert solving == {1}
