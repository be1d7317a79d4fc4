"""Is a classifier right as often as its confidence says? The calibration error, compared with chance, and its remedy.

On few images even perfect confidence differs from the accuracy: on 500 images by about 4.6 points, not by 0. So the
error is compared with those of labels drawn from the stated probabilities themselves, which are perfect for them:
consistency resampling, Vaicenavicius et al., Evaluating model calibration in classification, AISTATS 2019.
"""

from dataclasses import dataclass, replace

import numpy as np

from core import metrics

BINS = 15  # as usual in publications
DRAWS = 500
LEVEL = 0.95  # of perfectly calibrated predictions pass
FOLDS = 5
MAX_TEMPERATURE = 20  # and the inverse of the lowest


@dataclass(frozen=True)
class Calibration:
    """The expected calibration error of predictions, beside that of perfectly calibrated ones."""

    images: int
    confidence: float  # mean
    accuracy: float
    error: float
    chance: float  # mean error of labels drawn from the probabilities
    limit: float  # error that 95 % of such labels stay within
    temperature: float | None = None  # that removes most of it; None if there is nothing to correct, or none helps
    corrected: float | None = None  # the error with a temperature fitted on other images
    exclusive: bool = True  # whether a softmax shared out 100 %, which a temperature could correct

    @property
    def misjudged(self) -> bool:
        """Whether chance alone would hardly give this error."""
        return self.error > self.limit


def measure(labels: np.ndarray, probabilities: np.ndarray, *, seed: int = 0) -> Calibration:
    """The calibration of predictions, without a remedy: labels (n,), at least one, and probabilities (n, c)."""
    probabilities = np.asarray(probabilities, float)
    confidence = probabilities.max(axis=1)
    drawn = _drawn_errors(confidence, np.random.default_rng(seed))
    return Calibration(
        images=len(labels),
        confidence=float(confidence.mean()),
        accuracy=float((probabilities.argmax(axis=1) == labels).mean()),
        error=metrics.calibration_error(labels, probabilities, BINS),
        chance=float(drawn.mean()),
        limit=float(np.quantile(drawn, LEVEL, method="higher")),
        exclusive=metrics.exclusive(probabilities),
    )


def judge(labels: np.ndarray, probabilities: np.ndarray, *, seed: int = 0) -> Calibration:
    """`measure`, and the temperature that corrects a calibration error which chance does not explain.

    The temperature is fitted on these same images, and judged by cross-validation: each fifth of the images by a
    temperature fitted on the others.
    """
    measured = measure(labels, probabilities, seed=seed)
    if not measured.misjudged or not measured.exclusive or len(labels) < FOLDS:
        return measured
    probabilities = np.asarray(probabilities, float)
    corrected = metrics.calibration_error(labels, _corrected(labels, probabilities, np.random.default_rng(seed)), BINS)
    if corrected >= measured.error:
        return measured
    return replace(measured, temperature=temperature(labels, probabilities), corrected=corrected)


def temperature(labels: np.ndarray, probabilities: np.ndarray) -> float:
    """The divisor of the logits that makes these labels most probable; above 1 for an overconfident model.

    Guo et al., On calibration of modern neural networks, ICML 2017 (section 4.2). The logarithms of the probabilities
    stand for the logits.
    """
    from scipy.optimize import minimize_scalar

    logits = _logits(probabilities)
    own = logits[np.arange(len(labels)), labels]

    def loss(inverse: float) -> float:
        return float((np.log(np.exp(inverse * logits).sum(axis=1)) - inverse * own).mean())

    best = minimize_scalar(
        loss, bounds=(1 / MAX_TEMPERATURE, MAX_TEMPERATURE), method="bounded", options={"xatol": 1e-3}
    )
    return float(1 / best.x)


def tempered(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """The probabilities (n, c) after dividing the logits by a temperature."""
    powers = np.exp(_logits(probabilities) / temperature)
    return powers / powers.sum(axis=1, keepdims=True)


def _logits(probabilities: np.ndarray) -> np.ndarray:
    """(n, c), at most 0; a probability of 0 counts as the smallest of float32."""
    logits = np.log(np.maximum(probabilities, np.finfo(np.float32).tiny))
    return logits - logits.max(axis=1, keepdims=True)


def _drawn_errors(confidence: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Calibration errors (DRAWS,) when each prediction is right with the probability that its confidence states."""
    index = np.clip(np.ceil(confidence * BINS).astype(int) - 1, 0, BINS - 1)
    sure = np.bincount(index, weights=confidence, minlength=BINS)
    errors = np.empty(DRAWS)
    for draw in range(DRAWS):
        right = np.bincount(index, weights=random.random(len(confidence)) < confidence, minlength=BINS)
        errors[draw] = np.abs(right - sure).sum() / len(confidence)
    return errors


def _corrected(labels: np.ndarray, probabilities: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Each fifth of the probabilities (n, c) with the temperature of the others."""
    fold = random.permutation(len(labels)) % FOLDS
    result = np.empty_like(probabilities)
    for number in range(FOLDS):
        held_out = fold == number
        result[held_out] = tempered(probabilities[held_out], temperature(labels[~held_out], probabilities[~held_out]))
    return result
