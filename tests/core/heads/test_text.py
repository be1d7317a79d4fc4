"""The head of a zero-shot run: scaled cosines with texts."""

import numpy as np

from core import heads
from core.heads import Scaling, TextHead

TEXTS = np.array([[1, 0], [0.6, 0.8]], np.float32)
HEAD = TextHead(classes=2, texts=TEXTS, scaling=Scaling(10))
ONE_BY_ONE = TextHead(classes=2, texts=TEXTS, scaling=Scaling(10, -6))


def test_logits_are_scaled_cosines_whatever_the_length_of_the_features():
    x = np.array([[3, 0], [0, 0.5]], np.float32)
    np.testing.assert_allclose(HEAD.logits(x), [[10, 6], [0, 8]], rtol=1e-6)


def test_its_dense_layer_gives_the_logits_of_features_of_length_one():
    (layer,) = HEAD.dense_layers()
    assert HEAD.unit_length
    x = np.array([[0.6, 0.8]], np.float32)
    np.testing.assert_allclose(x @ layer.kernel + layer.bias, HEAD.logits(x), rtol=1e-6)


def test_probabilities_sum_to_one():
    np.testing.assert_allclose(HEAD.predict_proba(np.eye(2, dtype=np.float32)).sum(axis=1), 1, rtol=1e-6)


def test_with_a_bias_each_class_is_judged_by_itself_and_the_largest_is_still_the_answer(tmp_path):
    ONE_BY_ONE.save(tmp_path / "head.npz")
    head, x = heads.load(tmp_path / "head.npz"), np.array([[3, 0], [0, -0.5]], np.float32)
    np.testing.assert_allclose(head.predict_proba(x), 1 / (1 + np.exp(-np.array([[4, 0], [-6, -14]]))), rtol=1e-5)
    assert (head.predict_proba(x).argmax(1) == HEAD.predict_proba(x).argmax(1)).all()
    (layer,) = head.dense_layers()
    np.testing.assert_allclose(x / [[3], [0.5]] @ layer.kernel + layer.bias, head.logits(x), rtol=1e-6)
    assert (HEAD.activation, head.activation) == ("softmax", "sigmoid")
