"""Every method finds evidence that was planted, and what it says of a network follows from its definition."""

from dataclasses import replace

import numpy as np
import pytest

from core.backbones import graph
from core.backbones.clip.layers import attended, attends
from core.config import RunConfig
from core.data.images import PREPROCESSING
from core.errors import RunError
from core.explain import attribution, gradients
from core.training import model as assembly
from tests.core.backbones.siglip import folder as siglip
from tests.core.explain.test_gradcam import GREEN, IMAGE, RED, by_colour

pytestmark = pytest.mark.slow

GRADIENTS = ("integrated-gradients", "smoothgrad")


@pytest.fixture(scope="module")
def network():
    """A small convolutional network for 24 px images that was not trained."""
    config = RunConfig(backbone="Tiny", method="finetune", weights="untrained", head_units=8)
    return assembly.assemble(config, image_size=24, classes=5).model


@pytest.fixture(scope="module")
def image():
    return np.random.default_rng(0).integers(0, 256, (24, 24, 3), np.uint8)


@pytest.mark.parametrize("method", ["occlusion", "integrated-gradients"])
def test_the_map_shows_the_planted_evidence_of_each_class(method):
    model = by_colour(nested=True)
    red, green = (attribution.of_model(model, method, IMAGE, each) for each in (RED, GREEN))
    assert red.dtype == np.float32 and red.shape == (8, 8)
    assert red.max() == green.max() == 1
    assert red[:2, :2].min() > red[4:].max()
    assert green[6:, 4:].min() > green[:4].max()


def test_smoothgrad_of_a_linear_score_is_its_slope():
    heat = attribution.of_model(by_colour(nested=True), "smoothgrad", IMAGE, RED)
    assert heat == pytest.approx(np.ones((8, 8)), abs=1e-6)


@pytest.mark.parametrize("class_index", [0, 4])
def test_integrated_gradients_sum_to_what_the_image_adds_to_the_score(network, image, class_index):
    """Completeness, an axiom of the paper."""
    start, steps = attribution.empty(image), 256
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(attribution, "STEPS", steps)
        total = attribution.METHODS["integrated-gradients"].compute(network, image, class_index).sum()
    pixels = np.stack([start, image.astype(np.float32)])
    before, after = gradients.to_numpy(gradients.scores(network, pixels))[:, class_index]
    assert total == pytest.approx(after - before, rel=0.02)


def test_scores_are_those_whose_softmax_the_network_returns(network, image):
    scores = gradients.to_numpy(gradients.scores(network, image[None].astype(np.float32)))
    expected = np.exp(scores) / np.exp(scores).sum()
    assert np.asarray(network(image[None])) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("method", ["grad-cam", "occlusion", *GRADIENTS])
def test_it_is_the_same_each_time_and_leaves_the_network_as_it_was(network, image, method):
    before = np.asarray(network(image[None]))
    first, second = (attribution.of_model(network, method, image, 3) for _ in range(2))
    assert (first == second).all()
    assert 0 <= first.min() <= first.max() <= 1
    assert (np.asarray(network(image[None])) == before).all()


@pytest.mark.parametrize("method", ["occlusion", *GRADIENTS])
def test_a_network_too_large_for_many_images_gets_one_at_a_time_and_the_same_map(network, image, method, monkeypatch):
    usual, sizes, scores = attribution.of_model(network, method, image, 3), [], gradients.scores
    monkeypatch.setattr(attribution, "VALUES_AT_ONCE", 1)
    monkeypatch.setattr(gradients, "scores", lambda model, x: sizes.append(len(x)) or scores(model, x))
    assert attribution.of_model(network, method, image, 3) == pytest.approx(usual, abs=1e-4)
    assert set(sizes) == {1}


@pytest.mark.parametrize("method", ["occlusion", *GRADIENTS])
def test_a_transformer_is_explained_by_all_that_need_no_feature_map(method):
    config = RunConfig(backbone="ToyCLIP", method="finetune", weights="untrained")
    model = assembly.assemble(config, image_size=32, classes=10).model
    image = np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8)
    assert attribution.of_model(model, method, image, 3).max() == 1


@pytest.mark.parametrize("method", GRADIENTS)
def test_rounding_resized_pixels_does_not_keep_gradients_from_them(method, monkeypatch):
    config = RunConfig(backbone="ToyCLIP", method="finetune", weights="untrained")
    image = np.random.default_rng(0).integers(0, 256, (48, 48, 3), np.uint8)
    maps = []
    for whole in (True, False):
        monkeypatch.setitem(PREPROCESSING, "clip", replace(PREPROCESSING["clip"], whole=whole))
        maps.append(attribution.of_model(assembly.assemble(config, image_size=48, classes=10).model, method, image, 3))
    assert maps[0].max() == 1
    assert np.corrcoef(maps[0].ravel(), maps[1].ravel())[0, 1] > 0.99


TRANSFORMERS = [("ToyCLIP", "class"), ("DeiTTiny", "class"), ("DeiTTiny", "patches"), ("SigLIP2B16", "attention")]


@pytest.fixture(params=TRANSFORMERS, ids="-".join)
def transformer(request, monkeypatch):
    """A transformer for 32 px images that was not trained, how its patches are found, and an image."""
    backbone, pooling = request.param
    if backbone == siglip.NAME:
        siglip.shrink(monkeypatch)
    config = RunConfig(backbone=backbone, method="finetune", weights="untrained", input_size=32, pooling=pooling)
    model = assembly.assemble(config, image_size=32, classes=10).model
    others = {"ToyCLIP": 1, "DeiTTiny": 2, "SigLIP2B16": 0}[backbone]  # tokens in front of the patches

    def of_patches(reached: np.ndarray) -> np.ndarray:
        patches = reached[others:, others:].mean(axis=0) if pooling == "patches" else reached[0, others:]
        return (patches - patches.min()) / np.ptp(patches)

    return model, of_patches, np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8)


def test_each_kind_of_network_has_the_methods_that_explain_it():
    of_tokens, of_maps = (set(attribution.titles([name])) for name in ("DeiTTiny", "SwinTiny"))
    assert of_tokens - of_maps == {"rollout", "gradient-rollout"}
    assert of_maps - of_tokens == {"grad-cam"}
    assert list(attribution.titles(["SwinTiny", "DeiTTiny"])) == list(attribution.METHODS)


def test_rollout_multiplies_the_attention_of_a_transformer(transformer):
    model, of_patches, image = transformer
    attentions, _ = with_gradients(model, image, 3)
    for each in attentions:
        assert each.sum(axis=-1) == pytest.approx(np.ones(each.shape[:-1]), abs=1e-5)
    halves = [(each.mean(axis=0) + np.eye(each.shape[-1])) / 2 for each in reversed(attentions) if among_all(each)]
    halves = [each.mean(axis=0) for each in attentions if not among_all(each)] + halves  # the pooling comes last
    heat = attribution.of_model(model, "rollout", image, 3)
    assert heat.ravel() == pytest.approx(of_patches(np.linalg.multi_dot(halves)), abs=1e-4)
    assert (heat == attribution.of_model(model, "rollout", image, 4)).all()


def test_gradient_rollout_weights_attention_by_the_gradient_that_tensorflow_gives_it(transformer):
    model, of_patches, image = transformer
    maps = []
    for class_index in (3, 4):
        reached = np.eye(len(with_gradients(model, image, 3)[0][0][0]))
        for weights, slopes in zip(*with_gradients(model, image, class_index), strict=True):
            raising = np.maximum(weights * slopes, 0).mean(axis=0) @ reached
            reached = reached + raising if among_all(weights) else raising
        maps.append(attribution.of_model(model, "gradient-rollout", image, class_index))
        assert maps[-1].ravel() == pytest.approx(of_patches(reached), abs=1e-3)
    assert (maps[0] != maps[1]).any()


def among_all(attention: np.ndarray) -> bool:
    """Whether all tokens attend, and not one query that pools them."""
    return attention.shape[-2] == attention.shape[-1]


def with_gradients(model, image: np.ndarray, class_index: int) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """The attention (heads, t, t) of each layer, and the gradient of a class's score with respect to it."""
    import keras
    import tensorflow as tf
    from keras.layers import MultiHeadAttention

    weights = []

    def watched(self, scores, mask=None):
        weights.append(keras.ops.softmax(scores))
        return weights[-1]

    def attend(attention, query, x):
        return attention(query, x, return_attention_scores=True)[0]  # else a fused operation computes it

    def do(operation, *args, **kwargs):
        if operation is model.layers[-1]:
            return gradients.before_softmax(operation, args[0])
        return attended(operation, args, attend) if attends(operation) else operation(*args, **kwargs)

    with pytest.MonkeyPatch.context() as patch, tf.GradientTape() as tape:
        patch.setattr(MultiHeadAttention, "_masked_softmax", watched)
        score = graph.run(model, image[None].astype(np.float32), do)[0, class_index]
    slopes = tape.gradient(score, weights)
    return [np.asarray(each)[0] for each in weights], [np.asarray(each)[0] for each in slopes]


@pytest.mark.parametrize("method", ["rollout", "gradient-rollout"])
def test_a_convolutional_network_has_no_attention_and_that_is_said(network, image, method):
    with pytest.raises(RunError, match=r"no attention among all its patches.*Choose Grad-CAM"):
        attribution.of_model(network, method, image, 0)
