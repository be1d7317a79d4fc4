"""Logistic regression on standardised features, solved to its optimum: the usual measure of features."""

from core import threads
from core.heads.dense import DenseHead
from core.heads.head import Labelled, Layer, Options, accuracy, moments, standardised
from core.heads.logistic import Covariance, LogisticRegression, Solution, choose_strength
from core.progress import Progress, Report

STRENGTHS = (1e-1, 3e-2, 1e-2, 3e-3, 1e-3, 3e-4)  # L2, from strong to weak: each solution starts from the previous one
CHOOSING, FINAL = 1e-4, 1e-6  # tolerances: below the first, validation accuracy barely changes


@threads.one()
def fit(train: Labelled, val: Labelled, classes: int, options: Options, report: Report) -> DenseHead:
    """The minimum of mean cross-entropy + strength / 2 * |W|^2, with the strength that is best on validation."""
    mean, scale = moments(train.x)
    x_val = standardised(val.x, mean, scale)

    def after_pass(passes: int) -> None:
        report(Progress("train", passes, 0, unit="passes"))

    problem = LogisticRegression(
        standardised(train.x, mean, scale), train.y, classes, coordinates=Covariance, after_pass=after_pass
    )
    curves: list[dict[str, float]] = []
    solutions: dict[float, Solution] = {}
    start: Solution | None = None

    def score(strength: float) -> float:
        nonlocal start
        start = solutions[strength] = problem.solve(strength, tolerance=CHOOSING, start=start)
        validation_accuracy = accuracy(start.logits(x_val), val.y)
        curves.append(
            {
                "step": problem.passes,
                "strength": strength,
                "loss": start.objective,
                "validation_accuracy": validation_accuracy,
            }
        )
        return validation_accuracy

    strength = choose_strength(score, [options.strength] if options.strength else STRENGTHS)
    solution = problem.solve(strength, tolerance=FINAL, start=solutions[strength])
    chosen = {
        "strength": strength,
        "validation_accuracy": accuracy(solution.logits(x_val), val.y),
        "passes": problem.passes,
    }
    return DenseHead(
        method="linear",
        classes=classes,
        chosen=chosen,
        curves=curves,
        mean=mean,
        scale=scale,
        layers=[Layer(solution.kernel, solution.bias)],
    )
