"""One logistic regression in two kinds of coordinates: the same minimum, on all images and on a part of them."""

import numpy as np
import pytest

from core.errors import Stopped
from core.heads.logistic import Covariance, LogisticRegression, PrincipalAxes, choose_strength

STRENGTH = 0.1
both = pytest.mark.parametrize("coordinates", [Covariance, PrincipalAxes])


def blobs(n: int, d: int = 20) -> tuple[np.ndarray, np.ndarray]:
    """Three classes that overlap."""
    random = np.random.default_rng(0)
    y = np.arange(n) % 3
    return (random.standard_normal((3, d))[y] + random.standard_normal((n, d))).astype(np.float32), y


@both
@pytest.mark.parametrize("n", [12, 300])  # fewer images than features, and more
def test_the_gradient_is_zero_at_the_solution(coordinates, n):
    x, y = blobs(n)
    problem = LogisticRegression(x, y, 3, coordinates=coordinates)
    solution = problem.on_features(problem.solve(STRENGTH, tolerance=1e-8))
    powers = np.exp(solution.logits(x))
    p = powers / powers.sum(axis=1, keepdims=True)
    gradient = x.T @ (p - np.eye(3)[y]) / n + STRENGTH * solution.kernel
    assert np.abs(gradient).max() < 2e-3
    assert np.abs(x.T @ (1 / 3 - np.eye(3)[y]) / n).max() > 0.2  # at W = 0
    loss = -np.log(p[np.arange(n), y]).mean() + STRENGTH / 2 * np.square(solution.kernel).sum()
    assert solution.objective == pytest.approx(loss, rel=1e-4)


def test_both_kinds_of_coordinates_arrive_at_the_same_place():
    x, y = blobs(300)
    logits = []
    for coordinates in (Covariance, PrincipalAxes):
        problem = LogisticRegression(x, y, 3, coordinates=coordinates)
        logits.append(problem.on_features(problem.solve(STRENGTH, tolerance=1e-9)).logits(x))
    np.testing.assert_allclose(*logits, atol=5e-3)


@both
def test_a_part_of_the_images_is_the_same_as_those_images_alone(coordinates):
    x, y = blobs(300)
    part = np.arange(300) < 200
    problem, alone = (LogisticRegression(*data, 3, coordinates=coordinates) for data in ((x, y), (x[part], y[part])))
    of_part = problem.on_features(problem.solve(STRENGTH, tolerance=1e-9, part=part))
    of_alone = alone.on_features(alone.solve(STRENGTH, tolerance=1e-9))
    np.testing.assert_allclose(of_part.logits(x), of_alone.logits(x), atol=5e-3)


@both
def test_a_start_at_the_solution_takes_fewer_passes(coordinates):
    x, y = blobs(300)
    problem = LogisticRegression(x, y, 3, coordinates=coordinates)
    solution = problem.solve(STRENGTH, tolerance=1e-6)
    cold = problem.passes
    again = problem.solve(STRENGTH, tolerance=1e-6, start=solution)
    assert problem.passes - cold < cold / 2
    assert again.objective == pytest.approx(solution.objective, rel=1e-5)


def test_raising_after_a_pass_stops_it():
    x, y = blobs(60)
    passes = []

    def after_pass(done: int) -> None:
        passes.append(done)
        if done == 3:
            raise Stopped

    problem = LogisticRegression(x, y, 3, coordinates=Covariance, after_pass=after_pass)
    with pytest.raises(Stopped):
        problem.solve(STRENGTH, tolerance=1e-9)
    assert passes == [1, 2, 3]


@pytest.mark.parametrize(
    "scores, chosen, tried",
    [
        ({3: 0.5, 2: 0.7, 1: 0.6, 0.5: 0.9}, 0.5, 4),  # one worse is overlooked
        ({3: 0.5, 2: 0.5, 1: 0.5, 0.5: 0.9}, 3, 3),  # of equals the strongest; two in a row end it
        ({3: 0.1}, 3, 1),
    ],
)
def test_the_strength_with_the_best_score_is_chosen(scores, chosen, tried):
    asked = []

    def score(strength: float) -> float:
        asked.append(strength)
        return scores[strength]

    assert choose_strength(score, scores) == chosen
    assert len(asked) == tried
