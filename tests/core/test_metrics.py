"""Metrics against published examples and planted answers."""

import numpy as np
import pytest
from scipy import stats

from core import metrics

# Newcombe, Two-sided confidence intervals for the single proportion, Statistics in Medicine 17 (1998), Table I,
# method 3
NEWCOMBE = [
    (81, 263, 0.2553, 0.3662),
    (15, 148, 0.0624, 0.1605),
    (0, 20, 0.0000, 0.1611),
    (1, 29, 0.0061, 0.1718),
]


@pytest.mark.parametrize(("successes", "total", "low", "high"), NEWCOMBE)
def test_wilson_interval_is_the_published_one(successes, total, low, high):
    interval = metrics.wilson(successes, total)
    assert interval.value == successes / total
    assert (round(interval.low, 4), round(interval.high, 4)) == (low, high)


def test_a_perfect_score_is_not_certain():
    interval = metrics.wilson(100, 100)
    assert interval.value == interval.high == 1
    assert 0.95 < interval.low < 0.97


def test_nothing_counted_says_nothing():
    interval = metrics.wilson(0, 0)
    assert np.isnan(interval.value)
    assert (interval.low, interval.high) == (0, 1)


def test_accuracy_counts_the_equal_ones():
    assert metrics.accuracy(np.array([0, 1, 2, 2]), np.array([0, 1, 2, 0])).value == 0.75


def test_confusion_has_a_row_for_the_truth_and_a_column_for_the_prediction():
    counts = metrics.confusion(np.array([0, 0, 1]), np.array([0, 2, 1]), 3)
    assert counts.tolist() == [[1, 0, 1], [0, 1, 0], [0, 0, 0]]
    assert counts.dtype == np.int64


def test_per_class_is_the_share_of_each_class_and_nothing_for_an_absent_one():
    first, second, absent = metrics.per_class(np.array([0, 0, 1]), np.array([0, 2, 1]), 3)
    assert (first.value, second.value) == (0.5, 1.0)
    assert np.isnan(absent.value)


def test_top_k_looks_at_the_k_most_probable_classes():
    probabilities = np.array([[0.5, 0.3, 0.2], [0.5, 0.3, 0.2], [0.1, 0.2, 0.7]])
    labels = np.array([1, 2, 2])
    assert [metrics.top_k(labels, probabilities, k).value for k in (1, 2, 3)] == [1 / 3, 2 / 3, 1]


def test_classes_of_no_vote_are_not_among_the_most_probable_whatever_their_ids():
    votes = np.zeros((1, 100))
    votes[0, [7, 40]] = 0.4, 0.6
    assert metrics.likeliest(votes[0], 5).tolist() == [40, 7]
    hits = [metrics.top_k(np.array([label]), votes, 5).value for label in range(100)]
    assert np.flatnonzero(hits).tolist() == [7, 40]


def test_of_equally_probable_classes_the_first_come_first():
    assert metrics.likeliest(np.full(8, 0.125), 5).tolist() == [0, 1, 2, 3, 4]


def test_top_k_of_more_classes_than_there_are_is_always_right():
    assert metrics.top_k(np.array([0, 1]), np.array([[0.1, 0.9], [0.8, 0.2]]), 5).value == 1


def test_a_calibrated_head_has_no_calibration_error_and_an_overconfident_one_its_gap():
    labels = np.array([0] * 7 + [1] * 3)
    calibrated, overconfident = np.tile([0.7, 0.3], (10, 1)), np.tile([1.0, 0.0], (10, 1))
    assert metrics.calibration_error(labels, calibrated) == pytest.approx(0)
    assert metrics.calibration_error(labels, overconfident) == pytest.approx(0.3)


def test_gaps_of_different_bins_do_not_cancel():
    probabilities = np.array([[0.6, 0.4]] * 2 + [[0.9, 0.1]] * 2)
    labels = np.array([0, 0, 1, 1])  # all right where unsure, all wrong where sure
    assert metrics.calibration_error(labels, probabilities) == pytest.approx((0.4 + 0.9) / 2)


def test_calibration_bins_hold_every_image_once_and_give_the_calibration_error():
    rng = np.random.default_rng(0)
    probabilities = rng.dirichlet(np.ones(4), 500)
    labels = rng.integers(0, 4, 500)
    parts = metrics.calibration_bins(labels, probabilities, bins=10)
    assert [part.low for part in parts] == pytest.approx(np.arange(10) / 10)
    assert sum(part.images for part in parts) == 500
    assert all(part.low < part.confidence <= part.high for part in parts if part.images)
    gaps = sum(part.images * abs(part.accuracy.value - part.confidence) for part in parts if part.images) / 500
    assert metrics.calibration_error(labels, probabilities, bins=10) == pytest.approx(gaps)


def test_certainty_falls_into_the_last_bin_and_an_empty_bin_says_nothing():
    *others, last = metrics.calibration_bins(np.array([1, 0]), np.array([[0.0, 1.0], [0.0, 1.0]]), bins=5)
    assert (last.images, last.confidence, last.accuracy.value) == (2, 1.0, 0.5)
    assert all(part.images == 0 and np.isnan(part.confidence) and np.isnan(part.accuracy.value) for part in others)


def paired(only_first: int, only_second: int, both: int = 3, neither: int = 2) -> metrics.Paired:
    table = [(1, 0)] * only_first + [(0, 1)] * only_second + [(1, 1)] * both + [(0, 0)] * neither
    first, second = np.array(table, bool).T
    return metrics.mcnemar(first, second)


@pytest.mark.parametrize(("first", "second"), [(1, 7), (6, 16), (0, 1), (0, 6), (30, 12), (5, 5), (250, 251)])
def test_mcnemars_exact_p_value_is_the_two_sided_binomial_one_in_either_order(first, second):
    expected = stats.binomtest(first, first + second).pvalue
    assert paired(first, second).p_value == pytest.approx(expected, rel=1e-9)
    assert paired(second, first).p_value == paired(first, second).p_value


def test_two_runs_that_never_differ_are_not_told_apart():
    assert paired(0, 0).p_value == 1


def test_mcnemar_counts_every_image_once_and_takes_a_whole_test_split():
    found = paired(2500, 2300, both=4000, neither=1200)
    assert (found.both, found.only_first, found.only_second, found.neither) == (4000, 2500, 2300, 1200)
    assert 0.001 < found.p_value < 0.01  # z = 200 / sqrt(4800) = 2.9


def test_a_change_on_the_same_images_is_clear_where_counts_alone_cannot_tell():
    before = np.arange(1000) < 800
    after = np.arange(1000) < 832
    change = metrics.change(before, after)
    assert change.difference == pytest.approx(0.032)
    assert (change.images, change.clear) == (1000, True)
    assert (change.paired.only_first, change.paired.only_second) == (0, 32)
    assert not metrics.change_of_counts(800, 1000, 832, 1000).clear


def test_as_many_images_fixed_as_broken_are_no_change():
    change = metrics.change(np.array([True, False] * 50), np.array([False, True] * 50))
    assert (change.difference, change.clear) == (0, False)


# Newcombe (1998), table II, method 10, examples a, b and h
@pytest.mark.parametrize(
    ("first", "second", "low", "high"),
    [((48, 80), (56, 70), 0.0524, 0.3339), ((3, 10), (9, 10), 0.1705, 0.8090), ((0, 10), (10, 10), 0.6075, 1.0)],
)
def test_the_interval_of_a_difference_is_the_published_one(first, second, low, high):
    change = metrics.change_of_counts(*first, *second)
    assert (round(change.interval.low, 4), round(change.interval.high, 4)) == (low, high)
    assert change.clear
    assert metrics.change_of_counts(*second, *first).interval.high == pytest.approx(-change.interval.low)


@pytest.mark.slow
@pytest.mark.parametrize("disagreement", [0.05, 0.1, 0.3])
def test_so_many_images_find_a_difference_of_two_points_in_four_of_five_cases(disagreement):
    images = metrics.sample_size(0.02, disagreement)
    better, worse = (disagreement + 0.02) / 2, (disagreement - 0.02) / 2
    rng, found = np.random.default_rng(0), 0
    for only_first, only_second, _ in rng.multinomial(images, [better, worse, 1 - disagreement], size=1000):
        first = np.repeat([True, False], [only_first, only_second])
        found += metrics.mcnemar(first, ~first).p_value < metrics.SIGNIFICANT
    assert 0.74 < found / 1000 < 0.84  # the exact test is a little stricter than the formula's


def test_the_detectable_difference_is_the_one_that_needs_these_images():
    for images in (100, 500, 1_960, 10_000):
        assert metrics.sample_size(metrics.detectable_difference(images, 0.1), 0.1) == pytest.approx(images, abs=1)
    assert metrics.sample_size(0.02, 0.1) == 1_960
    assert metrics.detectable_difference(3, 0.1) == 0.1


def test_where_images_leave_no_doubt_the_interval_over_seeds_is_welchs():
    random = np.random.default_rng(0)
    first, second = random.normal(0.80, 0.02, 5), random.normal(0.84, 0.01, 3)
    change = metrics.change_of_seeds(*(np.repeat(each[:, None], 40, axis=1) for each in (first, second)))
    referee = stats.ttest_ind(second, first, equal_var=False).confidence_interval()
    assert (change.interval.low, change.interval.high) == pytest.approx(referee)
    assert change.standard_errors.larger == "seeds"


def test_where_seeds_agree_the_interval_over_images_is_that_of_pairs():
    random = np.random.default_rng(0)
    first, second = random.random((2, 300)) < [[0.7], [0.8]]
    change = metrics.change_of_seeds(np.tile(first, (4, 1)), np.tile(second, (4, 1)))
    referee = stats.ttest_rel(second.astype(float), first.astype(float)).confidence_interval()
    assert (change.interval.low, change.interval.high) == pytest.approx(referee)
    assert (change.standard_errors.seeds, change.standard_errors.larger) == (0, "images")


@pytest.mark.parametrize(("seeds", "of_seeds"), [((5, 5), 0.1), ((5, 5), 0.0), ((3, 3), 0.1)])
def test_intervals_over_seeds_and_images_hold_the_truth_in_about_95_of_100_repeats(seeds, of_seeds):
    """Images differ in difficulty, seeds in how good they are, and both together in what only some seeds get right."""
    random = np.random.default_rng(0)
    truth, repeats = stats.norm.cdf(0.8 / np.hypot(1, of_seeds)), 400
    of_difference, of_mean = 0, 0
    for _ in range(repeats):
        difficulty = random.normal(size=500)
        right = [
            difficulty * np.sqrt(0.91) + np.sqrt(0.09) * random.normal(size=(count, 500)) + shift > -0.8
            for count in seeds
            for shift in [of_seeds * random.normal(size=(count, 1))]
        ]
        of_difference += not metrics.change_of_seeds(*right).clear
        interval, _ = metrics.mean_of_seeds(right[0].mean(axis=1).tolist(), 500)
        of_mean += interval.low <= truth <= interval.high
    assert 0.91 <= of_difference / repeats <= 0.99
    assert 0.93 <= of_mean / repeats <= 0.995  # on the safe side


def test_seeds_that_agree_on_every_image_still_leave_the_doubt_of_the_images():
    interval, errors = metrics.mean_of_seeds([1.0, 1.0, 1.0], 50)
    assert interval == metrics.wilson(50, 50)
    assert (errors.images, errors.seeds) == (0, 0)
    interval, _ = metrics.mean_of_seeds([0.8, 0.8], 50)
    alone = metrics.wilson(40, 50)
    assert (interval.low, interval.high) == pytest.approx((alone.low, alone.high), abs=0.01)


def test_statsmodels_gives_the_same_intervals_and_p_values():
    from statsmodels.stats import contingency_tables, proportion

    rng = np.random.default_rng(0)
    for images in (7, 100, 2_000):
        for first, second in rng.integers(0, images + 1, (20, 2)):
            low, high = proportion.proportion_confint(first, images, method="wilson")
            interval = metrics.wilson(int(first), images)
            assert (interval.low, interval.high) == pytest.approx((low, high), abs=1e-12)
            low, high = proportion.confint_proportions_2indep(second, images, first, images, method="newcomb")
            change = metrics.change_of_counts(int(first), images, int(second), images)
            assert (change.interval.low, change.interval.high) == pytest.approx((low, high), abs=1e-12)
        only_first, only_second = map(int, rng.integers(0, images // 2, 2))
        expected = contingency_tables.mcnemar([[3, only_first], [only_second, 2]], exact=True).pvalue
        assert paired(only_first, only_second).p_value == pytest.approx(expected, rel=1e-9)


def test_scikit_learns_calibration_curve_gives_the_same_calibration_error():
    from sklearn.calibration import calibration_curve

    rng = np.random.default_rng(1)
    probabilities, labels = rng.dirichlet(np.ones(3), 1000), rng.integers(0, 3, 1000)
    confidence, right = probabilities.max(1), probabilities.argmax(1) == labels
    shares, means = calibration_curve(right, confidence, n_bins=15)
    images, _ = np.histogram(confidence, np.linspace(0, 1, 16))
    expected = np.average(abs(shares - means), weights=images[images > 0])
    assert metrics.calibration_error(labels, probabilities) == pytest.approx(expected)
