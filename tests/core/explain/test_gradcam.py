"""Grad-CAM finds evidence that was planted, in whatever way the network is put together."""

import numpy as np
import pytest

from core import backbones
from core.backbones import textbook
from core.config import RunConfig
from core.data.images import preprocess
from core.errors import RunError
from core.explain import gradcam
from core.training import model as assembly

pytestmark = pytest.mark.slow

RED, GREEN = 0, 1
IMAGE = np.zeros((8, 8, 3), np.uint8)
IMAGE[:2, :2, RED] = 200  # top left
IMAGE[6:, 4:, GREEN] = 100  # bottom right


def by_colour(*, nested: bool):
    """A network whose feature map is the colours, and whose classes are red and green."""
    import keras

    inputs = keras.Input((8, 8, 3))
    maps = keras.layers.AveragePooling2D(2)(inputs)  # (4, 4, 3)
    network = keras.Model(inputs, keras.layers.GlobalAveragePooling2D(name="pooled")(maps))
    pixels = keras.Input((8, 8, 3), dtype="uint8")
    x = network(keras.ops.cast(pixels, "float32"), training=False)
    classes = keras.layers.Dense(2, "softmax", name="predictions")
    model = keras.Model(pixels, classes(x))
    classes.set_weights([np.array([[1, -1], [-1, 1], [0, 0]], np.float32) / 10, np.zeros(2, np.float32)])
    if nested:
        return model
    flat = keras.Sequential([keras.Input((8, 8, 3)), *network.layers[1:], classes])
    flat.set_weights(model.get_weights())
    return flat


@pytest.mark.parametrize("nested", [True, False], ids=["nested", "flat"])
def test_the_map_shows_the_planted_evidence_of_each_class(nested: bool):
    model = by_colour(nested=nested)
    red, probabilities = gradcam.explain_model(model, IMAGE, RED)
    green, _ = gradcam.explain_model(model, IMAGE, GREEN)
    assert red.dtype == np.float32
    assert np.argwhere(red).tolist() == [[0, 0]]
    assert np.argwhere(green).tolist() == [[3, 2], [3, 3]]
    assert red.max() == green.max() == 1
    assert probabilities == pytest.approx(np.asarray(model(IMAGE[None]))[0], abs=1e-6)


def test_without_a_class_the_predicted_one_is_explained():
    model = by_colour(nested=True)
    predicted = int(np.argmax(model(IMAGE[None])))
    assert gradcam.explain_model(model, IMAGE)[0].tolist() == gradcam.explain_model(model, IMAGE, predicted)[0].tolist()


def test_an_image_with_nothing_for_a_class_has_an_empty_map():
    heat, _ = gradcam.explain_model(by_colour(nested=True), np.zeros_like(IMAGE), RED)
    assert heat.tolist() == np.zeros((4, 4)).tolist()


@pytest.mark.parametrize("pooling", ["avg", "max", "flatten"])
def test_it_explains_the_network_of_a_run_and_leaves_it_as_it_was(pooling: str):
    config = RunConfig(backbone="Tiny", method="finetune", weights="untrained", pooling=pooling, head_units=8)
    model = assembly.assemble(config, image_size=24, classes=5).model
    image = np.random.default_rng(0).integers(0, 256, (24, 24, 3), np.uint8)
    before = np.asarray(model(image[None]))[0]
    heat, probabilities = gradcam.explain_model(model, image, 3)
    assert heat.shape == (4, 4)  # 32 px through three strides of 2
    assert 0 <= heat.min() <= heat.max() <= 1
    assert probabilities == pytest.approx(before, abs=1e-6)
    assert np.asarray(model(image[None]))[0].tolist() == before.tolist()


LARGEST_FIRST = sorted(map(backbones.get, backbones.names()), key=lambda spec: -spec.params)
FAMILIES = {spec.family: spec.name for spec in LARGEST_FIRST}  # the smallest of each remains
TWINS = [name for name, network in textbook.NETWORKS.items() if network.keras]  # each ends as its family does
LARGE = (*TWINS, "NASNetMobile")  # which takes long, and ends as Xception does


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.exhaustive if name in LARGE else ())
        for name in (*FAMILIES.values(), *backbones.scratch_names())
    ],
)
def test_it_explains_a_network_of_every_family(name: str):
    config = RunConfig(backbone=name, method="finetune", weights="untrained", input_size=128)
    model = assembly.assemble(config, image_size=32, classes=10).model
    image = np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8)
    heat, probabilities = gradcam.explain_model(model, image, 3)
    assert min(heat.shape) >= 2
    assert 0 <= heat.min() <= heat.max() <= 1
    assert probabilities == pytest.approx(np.asarray(model(image[None]))[0], abs=1e-5)


@pytest.mark.parametrize("pooling", ["class", "projected"])
def test_a_transformer_has_no_map_to_explain_by_and_that_is_said(pooling: str):
    config = RunConfig(backbone="ToyCLIP", method="finetune", weights="untrained", pooling=pooling)
    model = assembly.assemble(config, image_size=32, classes=10).model
    with pytest.raises(RunError, match=r"no feature map.*transformers.*tokens.*convolutional network"):
        gradcam.explain_model(model, np.zeros((32, 32, 3), np.uint8))


def test_what_cannot_be_explained_is_said():
    import keras

    with pytest.raises(RunError, match="shape"):
        gradcam.explain_model(by_colour(nested=True), IMAGE[:4], RED)
    inputs = keras.Input((8, 8, 3))
    one_place = keras.layers.GlobalMaxPooling2D()(keras.layers.AveragePooling2D(8)(inputs))
    with pytest.raises(RunError, match="1 x 1"):
        gradcam.explain_model(keras.Model(inputs, keras.layers.Dense(2, "softmax")(one_place)), IMAGE, RED)
    no_map = keras.Sequential([keras.Input((8,)), keras.layers.Dense(2, "softmax")])
    with pytest.raises(RunError, match="no feature map"):
        gradcam.explain_model(no_map, IMAGE, RED)


def test_the_map_is_that_of_the_definition_where_branches_meet_before_the_pooling():
    import keras
    import tensorflow as tf

    config = RunConfig(backbone="DenseNet121", method="finetune", weights="untrained", input_size=64, head_units=8)
    assembled = assembly.assemble(config, image_size=64, classes=5)
    image = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    heat, _ = gradcam.explain_model(assembled.model, image, 2)

    network = assembled.network
    maps = keras.Model(network.input, network.layers[-1].input)(preprocess(image[None].astype(np.float32), "torch"))
    with tf.GradientTape() as tape:
        tape.watch(maps)
        x = tf.reduce_mean(maps, axis=(1, 2))
        hidden, _, last = assembled.head
        x = tf.nn.relu(x @ hidden.kernel + hidden.bias)
        score = (x @ last.kernel + last.bias)[0, 2]
    slopes = tape.gradient(score, maps)
    expected = np.maximum((maps * tf.reduce_mean(slopes, axis=(1, 2), keepdims=True)).numpy().sum(axis=-1)[0], 0)
    assert heat.max() == 1
    np.testing.assert_allclose(heat, expected / expected.max(), atol=1e-5)
