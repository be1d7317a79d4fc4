"""One contract for all heads, on data whose answer is planted."""

import functools

import numpy as np
import pytest

from core import heads
from core.errors import BackboneError, ConfigError, DatasetError, Stopped
from core.heads import METHODS, Options

CLASSES, DIM = 3, 8
OPTIONS = Options(epochs=6, batch_size=16, learning_rate=0.02, hidden=16)
all_methods = pytest.mark.parametrize("method", METHODS)


def blobs(seed: int, *, n: int = 120, spread: float = 0.3) -> tuple[np.ndarray, np.ndarray]:
    """Features (n, DIM) around one centre a class, far apart when spread is small."""
    random = np.random.default_rng(seed)
    labels = np.arange(n) % CLASSES
    centres = 3 * np.eye(CLASSES, DIM)
    return (centres[labels] + spread * random.normal(size=(n, DIM))).astype(np.float32), labels


def fit(method, *, spread=0.3, change=lambda x: x, keep=slice(None), options=OPTIONS, **more):
    (x, y), (x_val, y_val) = blobs(0, spread=spread), blobs(1, spread=spread)
    return heads.fit(method, change(x)[keep], y[keep], change(x_val), y_val, classes=CLASSES, options=options, **more)


@functools.cache
def fitted(method):
    """The head that most tests look at; Keras takes a second for each."""
    return fit(method)


@all_methods
def test_separable_classes_are_separated(method):
    x, y = blobs(2)
    head = fitted(method)
    assert (head.predict_proba(x).argmax(1) == y).mean() > 0.98
    assert head.chosen["validation_accuracy"] > 0.98


@all_methods
def test_probabilities_are_float32_and_sum_to_one(method):
    probabilities = fitted(method).predict_proba(blobs(2, spread=2.0)[0])
    assert (probabilities.shape, probabilities.dtype) == ((120, CLASSES), np.float32)
    assert probabilities.min() >= 0
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)


@all_methods
def test_the_same_seed_gives_the_same_head(method):
    x, _ = blobs(2)
    np.testing.assert_array_equal(fit(method).predict_proba(x), fitted(method).predict_proba(x))


@all_methods
def test_constant_features_and_a_huge_scale_do_no_harm(method):
    def change(x):
        return np.hstack([x, np.ones((len(x), 1), np.float32)]) * np.float32(1e6)

    x, y = blobs(2)
    assert (fit(method, change=change).predict_proba(change(x)).argmax(1) == y).mean() > 0.98


@all_methods
def test_a_class_that_training_lacks_is_not_predicted(method):
    _, y = blobs(0)
    probabilities = fit(method, keep=y != 2).predict_proba(blobs(2)[0])
    assert probabilities.shape == (120, CLASSES)
    assert not (probabilities.argmax(1) == 2).any()


@all_methods
def test_one_image_is_enough_to_train_and_none_to_predict(method):
    head = fit(method, keep=slice(1))
    assert head.predict_proba(np.empty((0, DIM), np.float32)).shape == (0, CLASSES)


@all_methods
def test_a_saved_head_predicts_the_same_and_remembers_what_it_chose(method, tmp_path):
    head = fitted(method)
    head.save(tmp_path / "head.npz")
    loaded = heads.load(tmp_path / "head.npz")
    x, _ = blobs(2)
    np.testing.assert_array_equal(loaded.predict_proba(x), head.predict_proba(x))
    assert (loaded.method, loaded.chosen, loaded.curves) == (method, head.chosen, head.curves)


@all_methods
def test_features_that_are_not_numbers_are_refused(method):
    def change(x):
        return np.where(np.arange(DIM) == 3, np.nan, x)

    with pytest.raises(BackboneError, match="not finite"):
        fit(method, change=change)


@all_methods
def test_a_stop_is_heard(method):
    def stop(progress):
        raise Stopped

    with pytest.raises(Stopped):
        fit(method, report=stop)


@all_methods
def test_nothing_to_train_on_is_said(method):
    with pytest.raises(DatasetError, match="training"):
        fit(method, keep=slice(0))


@all_methods
def test_the_options_a_method_names_exist(method):
    assert all(hasattr(OPTIONS, name) for name in METHODS[method].options)


def test_an_unknown_method_names_the_known_ones():
    with pytest.raises(ConfigError, match="linear-adam"):
        fit("forest")


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
    assert noisy.chosen["strength"] in heads.STRENGTHS
    best = max(point["validation_accuracy"] for point in noisy.curves)
    assert noisy.chosen["validation_accuracy"] == best
    assert fit("linear", options=Options(strength=0.5)).chosen["strength"] == 0.5


@pytest.mark.parametrize("method", ["linear-adam", "mlp"])
def test_curves_have_a_point_an_epoch_and_the_best_epoch_is_kept(method):
    moments = []
    head = fit(method, spread=3.0, report=moments.append)
    told = [moment for moment in moments if moment.metrics]
    assert [moment.done for moment in told] == [point["step"] for point in head.curves] == [1, 2, 3, 4, 5, 6]
    accuracies = [point["validation_accuracy"] for point in head.curves]
    assert head.chosen["validation_accuracy"] == max(accuracies)
    assert head.chosen["last_validation_accuracy"] == accuracies[-1]
    x_val, y_val = blobs(1, spread=3.0)
    assert (head.predict_proba(x_val).argmax(1) == y_val).mean() == pytest.approx(max(accuracies))


def test_neighbours_vote_in_shares():
    head = fit("knn", spread=3.0, options=Options(neighbours=4))
    shares = head.predict_proba(blobs(2, spread=3.0)[0]) * 4
    np.testing.assert_allclose(shares, shares.round(), atol=1e-6)
    assert head.chosen["neighbours"] == 4
