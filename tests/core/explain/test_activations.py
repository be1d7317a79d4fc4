"""What a network sees is what it computes: planted filters light up where their colour is."""

import numpy as np
import pytest

from core import backbones
from core.errors import BackboneError
from core.explain import activations
from core.features import compiled, layers

PHOTO = np.zeros((40, 60, 3), np.uint8)
PHOTO[:, 30:, 0] = 200  # red on the right


def test_maps_are_those_of_the_network_and_the_strongest_come_first(home):
    seen = activations.see("Tiny", PHOTO, 32)
    assert seen.weights == "untrained" and not seen.class_names and seen.heat is None
    assert seen.photo.shape == (32, 32, 3)
    for stage in seen.feature_maps:
        assert stage.maps.shape == (len(stage.channels), stage.size, stage.size)
        assert list(stage.means) == sorted(stage.means, reverse=True)
        assert len(set(stage.channels)) == len(stage.channels) <= stage.of
        assert stage.maps.max() == 255

    # the last one by hand
    import keras

    network = backbones.load("Tiny", input_size=32, weights="untrained")
    last = keras.Model(network.input, network.layers[-1].input)
    maps = np.asarray(last(seen.photo[None].astype(np.float32)))[0]
    means = np.abs(maps).mean(axis=(0, 1))
    assert seen.feature_maps[-1].channels[0] == means.argmax()
    assert seen.feature_maps[-1].means[0] == pytest.approx(means.max(), rel=1e-4)
    assert seen.feature_maps[-1].silent == (means == 0).sum()


@pytest.fixture
def planted(monkeypatch):
    """planted(network): what every backbone is from now on."""
    activations._load.cache_clear()
    monkeypatch.setattr(activations, "weights_here", lambda name: "untrained")
    yield lambda network: monkeypatch.setattr(backbones, "load", lambda *_, **__: network)
    activations._load.cache_clear()


@pytest.mark.parametrize(("backbone", "red_first"), [("MobileNetV2", True), ("VGG16", False)])
def test_filters_are_shown_in_rgb_whatever_the_order_of_the_network(planted, backbone, red_first):
    import keras

    pixels = keras.Input((8, 8, 3))
    x = keras.layers.Conv2D(1, 1, use_bias=False, name="block1_conv")(pixels)
    network = keras.Model(pixels, keras.layers.GlobalAveragePooling2D(name="pooled")(x))
    network.layers[1].set_weights([np.array([1, 2, 3], np.float32).reshape(1, 1, 3, 1)])
    planted(network)
    filters = activations.see(backbone, PHOTO, 8).filters.ravel().tolist()
    assert filters == ([0, 128, 255] if red_first else [255, 128, 0])


def test_the_strongest_channel_is_the_one_whose_colour_is_there(planted):
    import keras

    pixels = keras.Input((8, 8, 3))
    x = keras.layers.Conv2D(3, 1, use_bias=False, name="block1_conv")(pixels)
    network = keras.Model(pixels, keras.layers.GlobalAveragePooling2D(name="pooled")(x))
    network.layers[1].set_weights([np.eye(3, dtype=np.float32).reshape(1, 1, 3, 3)])
    image = np.zeros((8, 8, 3), np.uint8)
    image[:4, :, 2] = 100
    planted(network)
    (stage,) = activations.see("EfficientNetB0", image, 8).feature_maps
    assert stage.channels[0] == 2 and stage.silent == 2
    assert (stage.maps[0][:4] == 255).all() and (stage.maps[0][4:] == 0).all()


def test_tokens_are_laid_out_as_their_patches_lie_in_the_photo():
    import keras

    seen = activations.see("ToyCLIP", PHOTO, 32)
    assert seen.weights == "imagenet" and not seen.class_names
    assert {(stage.size, stage.of) for stage in seen.feature_maps} == {(8, 128)}
    assert seen.filters.shape[1:] == (4, 4, 3)

    network = backbones.load("ToyCLIP", input_size=32)
    block = keras.Model(network.input, layers.outputs(network)["encoder_block_0"])
    tokens = np.asarray(block(compiled.prepare(seen.photo[None], 32, "clip")))[0]
    stage = next(stage for stage in seen.feature_maps if stage.block == "encoder_block_0")
    own = tokens[1:, stage.channels[0]].reshape(8, 8)  # the first token is of no place
    shown = stage.maps[0]
    assert np.unravel_index(own.argmax(), own.shape) == np.unravel_index(shown.argmax(), shown.shape)
    assert stage.means[0] == pytest.approx(np.abs(own).mean(), rel=1e-4)


def test_a_size_that_the_network_does_not_take_is_said():
    with pytest.raises(BackboneError, match="cannot take images"):
        activations.see("InceptionV3", PHOTO, 32)


def test_a_network_without_feature_maps_is_said(planted):
    import keras

    pixels = keras.Input((8, 8, 3))
    planted(keras.Model(pixels, keras.layers.Flatten()(pixels)))
    with pytest.raises(BackboneError, match="no feature maps"):
        activations.see("Tiny", PHOTO, 8)


@pytest.mark.slow
def test_the_shipped_classifier_answers_at_several_sizes():
    from pathlib import Path

    from core.data import images

    photo = images.decode(Path(pytest.importorskip("sklearn").__file__).parent / "datasets" / "images" / "china.jpg")
    for size in (160, 224):
        seen = activations.see("EfficientNetLite0", photo, size)
        assert "palace" in seen.class_names
        assert seen.heat.max() == 1 and seen.heat.shape == (size // 32, size // 32)
        assert len(seen.filters) == seen.filters_of == 32
