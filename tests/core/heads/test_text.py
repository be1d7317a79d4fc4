"""The head of a zero-shot run: scaled cosines with texts."""

import numpy as np

from core.heads import TextHead

TEXTS = np.array([[1, 0], [0.6, 0.8]], np.float32)
HEAD = TextHead(classes=2, texts=TEXTS, logit_scale=10)


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
