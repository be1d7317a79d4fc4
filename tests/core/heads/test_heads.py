"""One contract for all heads, on data whose answer is planted."""

import functools
import json

import numpy as np
import pytest

from core import heads
from core.errors import BackboneError, ConfigError, DatasetError, Stopped
from core.heads import METHODS
from tests.core.heads.blobs import CLASSES, DIM, OPTIONS, blobs, fit

KERAS = ("linear-adam", "mlp")  # trained with Keras, which takes a second for each head
all_methods = pytest.mark.parametrize(
    "method", [pytest.param(name, marks=pytest.mark.slow if name in KERAS else ()) for name in METHODS]
)


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
    assert type(loaded) is type(head)


@all_methods
def test_probabilities_are_the_softmax_of_the_logits_or_there_are_no_logits(method):
    head, (x, _) = fitted(method), blobs(2, spread=2.0)
    if not heads.has_layers(method):
        with pytest.raises(ConfigError, match="no logits"):
            head.logits(x)
        return
    powers = np.exp(head.logits(x))
    np.testing.assert_allclose(head.predict_proba(x), powers / powers.sum(axis=1, keepdims=True), rtol=1e-4)


@all_methods
def test_dense_layers_give_the_logits_from_features_as_they_come(method):
    head, (x, _) = fitted(method), blobs(2, spread=2.0)
    layers = head.dense_layers()
    assert (layers is None) == (not heads.has_layers(method))
    if layers:
        values = x
        for layer in layers[:-1]:
            values = np.maximum(values @ layer.kernel + layer.bias, 0)
        np.testing.assert_allclose(values @ layers[-1].kernel + layers[-1].bias, head.logits(x), atol=1e-4)


@pytest.mark.parametrize(
    "method, arrays",
    [
        ("linear", {"mean": [1.0, 0], "scale": [2.0, 1], "kernel_0": [[1.0, 0], [0, 1]], "bias_0": [0.0, 0]}),
        (
            "mlp",
            {
                "mean": [1.0, 0],
                "scale": [2.0, 1],
                "kernel_0": [[1.0, 0], [0, 1]],
                "kernel_1": [[1.0, 0], [0, 1]],
                "bias_0": [0.0, 0],
                "bias_1": [0.0, 0],
            },
        ),
        ("knn", {"directions": [[1.0, 0], [0, 1]], "labels": [0, 1], "neighbours": 1}),
        ("zero-shot", {"texts": [[1.0, 0], [0, 1]], "scale": 9.0}),
    ],
)
def test_files_of_earlier_versions_are_read_and_written_as_they_were(method, arrays, tmp_path):
    about = {"method": method, "classes": 2, "chosen": {"step": 1.0}, "curves": [{"step": 1}]}
    path = tmp_path / "head.npz"
    arrays = {
        name: np.asarray(value, np.int64 if name in ("labels", "neighbours") else np.float32)
        for name, value in arrays.items()
    }
    np.savez(path, about=np.array(json.dumps(about)), **arrays)
    head = heads.load(path)
    assert head.predict_proba(np.array([[9, 1], [0, 9]], np.float32)).argmax(axis=1).tolist() == [0, 1]
    head.save(path)
    with np.load(path) as file:
        assert json.loads(str(file["about"])) == about
        assert file.files == ["about", *arrays]  # in this order: digests of a fine-tune are of it
        for name, value in arrays.items():
            assert file[name].dtype == value.dtype
            np.testing.assert_array_equal(file[name], value)


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
