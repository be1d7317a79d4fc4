"""Pooled features are those of Keras itself: `include_top=False` with `pooling="avg"` or `"max"`, same weights."""

import numpy as np
import pytest

from core import backbones
from core.backbones import blocks, networks

KERAS = [name for name in backbones.names() if name not in networks.OWN]
USUAL = [  # one of each way in which a network of Keras ends
    "VGG16",
    "ResNet50",
    "ResNet50V2",
    "DenseNet121",
    "MobileNet",
    "MobileNetV2",
    "MobileNetV3Small",
    "InceptionV3",
    "EfficientNetB0",
    "ConvNeXtTiny",
]


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", [name if name in USUAL else pytest.param(name, marks=pytest.mark.exhaustive) for name in KERAS]
)
def test_features_are_those_of_keras_with_its_own_pooling(name):
    _equal(name, "avg")


@pytest.mark.slow
def test_the_largest_of_a_map_are_normalised_as_in_keras():
    _equal("ConvNeXtTiny", "max")


@pytest.mark.slow
def test_layernorm_first_is_the_mean_of_what_keras_gives_without_pooling_and_something_else():
    import keras

    ours, theirs, images = _both("ConvNeXtTiny", "norm-avg", None)
    maps = np.asarray(theirs(images))  # (3, 2, 2, 768)
    features = np.asarray(ours(images))
    np.testing.assert_allclose(features, maps.mean(axis=(1, 2)), rtol=1e-4, atol=1e-4)
    norm = keras.layers.LayerNormalization(epsilon=1e-6)
    norm.build((None, 768))
    norm.set_weights(theirs.layers[-1].get_weights())
    before = np.asarray(keras.Model(theirs.input, theirs.layers[-1].input)(images))
    after = keras.ops.convert_to_numpy(norm(before.mean(axis=(1, 2))))
    assert np.abs(features - after).max() > 0.1 * np.abs(after).max()


@pytest.mark.slow
@pytest.mark.parametrize("pooling", ["avg", "max", "norm-avg", "flatten"])
def test_the_layernorm_is_in_the_last_block_and_the_pooling_is_found_wherever_it_stands(pooling):
    network = backbones.outline("TextbookConvNeXtTiny", input_size=32, pooling=pooling)
    follows = pooling in ("avg", "max")
    assert blocks.pooling(network).name == network.layers[-2 if follows else -1].name == "pooled"
    of_layers = blocks.of(network)
    assert of_layers["pool"] == ["pooled"]
    assert sum("head_norm" in layers for layers in of_layers.values()) == 1
    assert len(network.layers[-1].input.shape if follows else network.layers[-2].input.shape) == (2 if follows else 4)


def _equal(name: str, pooling: str) -> None:
    ours, theirs, images = _both(name, pooling, pooling)
    expected = np.asarray(theirs(images))
    scale = np.abs(expected).max()
    np.testing.assert_allclose(np.asarray(ours(images)) / scale, expected / scale, atol=1e-5)
    assert ours.output_shape == (None, backbones.get(name).feature_dim)


def _both(name: str, pooling: str, theirs: str | None) -> tuple:
    """Our network and Keras's with the same random weights, and images that differ in more than brightness."""
    from keras import applications

    size = 64 if backbones.get(name).min_size <= 64 else 160  # pixels: more than one position in the feature map
    ours = backbones.load(name, input_size=size, weights="untrained", pooling=pooling)
    keras = getattr(applications, name)(include_top=False, weights=None, input_shape=(size, size, 3), pooling=theirs)
    random = np.random.default_rng(0)
    for variable, other in zip(ours.variables, keras.variables, strict=True):
        value = np.asarray(variable)
        if variable.name in ("gamma", "moving_variance"):  # also of LayerScale, else near 0
            value = random.uniform(0.5, 1.5, value.shape).astype(np.float32)
        variable.assign(value)
        other.assign(value)
    shades = random.uniform(0, 255, (3, 4, 4, 3)).astype(np.float32)  # of sixteen squares
    return ours, keras, shades.repeat(size // 4, axis=1).repeat(size // 4, axis=2)
