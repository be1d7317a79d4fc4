"""Measures are scikit-learn's; intervals cover; a run that may decline is right more often."""

import numpy as np
import pytest
import sklearn.metrics as reference

from core import metrics
from core.evaluation import measures

CASES = {"even": (0.1,) * 10, "uneven": (0.9, 0.07, 0.03)}


def drawn(shares: tuple[float, ...], n: int = 600, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Labels with these shares, and probabilities that are often right."""
    rng = np.random.default_rng(seed)
    labels = np.concatenate([np.arange(len(shares)), rng.choice(len(shares), n - len(shares), p=shares)])
    logits = rng.standard_normal((n, len(shares)))
    logits[np.arange(n), labels] += 1.2
    p = np.exp(logits)
    return labels, p / p.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("shares", CASES.values(), ids=CASES)
def test_values_are_those_of_scikit_learn(shares):
    labels, p = drawn(shares)
    predicted, classes = p.argmax(axis=1), np.arange(len(shares))
    truth = np.eye(len(shares))[labels]
    expected = {
        "Accuracy": reference.accuracy_score(labels, predicted),
        "Balanced accuracy": reference.balanced_accuracy_score(labels, predicted),
        "Top-2 accuracy": reference.top_k_accuracy_score(labels, p, k=2),
        "Precision, macro": reference.precision_score(labels, predicted, average="macro", zero_division=0),
        "F1, macro": reference.f1_score(labels, predicted, average="macro"),
        "F1, weighted": reference.f1_score(labels, predicted, average="weighted"),
        "ROC area, macro": reference.roc_auc_score(truth, p, average="macro"),
        "Average precision, macro": reference.average_precision_score(truth, p, average="macro"),
        "Log loss": reference.log_loss(labels, p),
    }
    found = {each.title: each.value for each in measures.measure(labels, p)}
    assert {title: interval.value for title, interval in found.items()} == pytest.approx(expected, abs=1e-6)
    assert all(interval.low <= interval.value <= interval.high for interval in found.values())

    table = measures.of_classes(labels, p)
    precision, recall, f1, images = reference.precision_recall_fscore_support(labels, predicted, labels=classes)
    np.testing.assert_allclose(table["precision"], precision)
    np.testing.assert_allclose(table["recall"], recall)
    np.testing.assert_allclose(table["f1"], f1)
    np.testing.assert_array_equal(table["images"], images)
    for scores in (p, p.round(1)):  # rounded, many are equal
        table = measures.of_classes(labels, scores)
        np.testing.assert_allclose(table["roc_auc"], reference.roc_auc_score(truth, scores, average=None))
        expected = reference.average_precision_score(truth, scores, average=None)
        np.testing.assert_allclose(table["average_precision"], expected)


@pytest.mark.parametrize("digits", [16, 1])  # rounded, many are equal
def test_curves_are_those_of_scikit_learn(digits):
    labels, p = drawn(CASES["uneven"], n=150)
    p = p.round(digits)
    curves = measures.curves(labels, p)
    for index in range(3):
        part = curves[curves["class_index"] == index]
        false, true, thresholds = reference.roc_curve(labels == index, p[:, index], drop_intermediate=False)
        np.testing.assert_allclose(part[["false_positive_rate", "recall"]], np.stack([false, true], axis=1)[1:])
        np.testing.assert_allclose(part["threshold"], thresholds[1:])
        precision, recall, _ = reference.precision_recall_curve(labels == index, p[:, index])
        ours = part.set_index("recall")["precision"]
        for each, value in zip(recall[:-1], precision[:-1], strict=True):
            assert np.isclose(ours[[each]], value).any()


def test_long_curves_keep_their_ends():
    labels, p = drawn(CASES["even"], n=5000)
    for _, part in measures.curves(labels, p).groupby("class_index"):
        assert len(part) == measures.MOST_POINTS
        assert part["false_positive_rate"].is_monotonic_increasing
        assert part["recall"].iloc[-1] == part["false_positive_rate"].iloc[-1] == 1


@pytest.mark.slow
def test_intervals_hold_the_value_of_many_images_about_as_often_as_they_say():
    everything = {each.title: each.value.value for each in measures.measure(*drawn((0.5, 0.5), n=40_000, seed=1))}
    held = dict.fromkeys(everything, 0)
    for seed in range(40):
        for each in measures.measure(*drawn((0.5, 0.5), n=200, seed=100 + seed)):
            held[each.title] += each.value.low <= everything[each.title] <= each.value.high
    assert min(held.values()) >= 33  # of 38 expected


def test_a_class_without_images_is_left_out_of_the_averages():
    labels, p = drawn((0.5, 0.5))
    wider = np.concatenate([p, np.zeros((len(p), 1))], axis=1)
    narrow = {each.title: each.value.value for each in measures.measure(labels, p)}
    found = {each.title: each.value.value for each in measures.measure(labels, wider)}
    same = ("Accuracy", "Balanced accuracy", "F1, macro", "ROC area, macro", "Average precision, macro")
    assert {title: found[title] for title in same} == pytest.approx({title: narrow[title] for title in same})
    assert np.isnan(measures.of_classes(labels, wider)["recall"][2])


def test_a_single_class_has_no_roc_area():
    labels, p = np.zeros(30, int), np.tile([0.7, 0.3], (30, 1))
    assert "ROC area, macro" not in {each.title for each in measures.measure(labels, p)}
    assert np.isnan(measures.of_classes(labels, p)["roc_auc"][0])


def test_those_who_may_decline_are_right_more_often():
    labels, p = drawn(CASES["even"], n=5000)
    points = measures.answering(labels, p)
    assert points[0].coverage.value == 1
    assert points[0].accuracy == metrics.accuracy(labels, p.argmax(axis=1))
    coverages = [point.coverage.value for point in points]
    assert coverages == sorted(coverages, reverse=True)
    sure = next(point for point in points if point.coverage.value < 0.3)
    answered = p.max(axis=1) >= sure.confidence
    assert sure.accuracy.value == np.mean(p.argmax(axis=1)[answered] == labels[answered])
    assert sure.accuracy.low > points[0].accuracy.high


@pytest.mark.parametrize(("counts", "expected"), [((300, 8), 300 / 308), ((10, 10, 10), None)])
def test_accuracy_misleads_where_one_class_is_most_of_the_images(counts, expected):
    labels = np.repeat(np.arange(len(counts)), counts)
    assert measures.misleading(labels, np.eye(len(counts))[labels]) == expected
