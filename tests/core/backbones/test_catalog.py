"""Every declared fact of every architecture, counted again on the real network (minutes), and their weights files."""

import sys
from pathlib import Path

import numpy as np
import pytest

from core import backbones
from core.backbones import graph
from core.backbones.catalog import BACKBONES

OWN = ("EfficientNetLite0", "Tiny", *backbones.scratch_names())
KERAS = [name for name in backbones.names() if name not in OWN]
H5 = (
    "VGG16",
    "ResNet50",
    "InceptionV3",
    "Xception",
    "DenseNet121",
    "MobileNet",
    "NASNetMobile",
    "MobileNetV3Small",
    "EfficientNetB0",
    "EfficientNetLite0",
    "EfficientNetV2B0",
    "ConvNeXtTiny",
)
WEIGHTS_H5 = ("MobileNetV3Small", "EfficientNetB0", "ConvNeXtTiny")  # networks that nest or have unusual layers
WEIGHTS_FILES = [(name, ".h5") for name in H5] + [(name, ".weights.h5") for name in WEIGHTS_H5]  # official formats
LARGE = ("DenseNet121", "NASNetMobile")  # which take long; layers with weights as in ResNet50 and Xception

pytestmark = pytest.mark.slow


@pytest.fixture
def asked_for(monkeypatch: pytest.MonkeyPatch) -> list[tuple]:
    """Notes (file, address, checksum) of what Keras would download, and lets it go on without."""
    import keras
    from keras.src.utils import file_utils

    asked = []

    def get_file(fname: str, origin: str, *, file_hash: str | None = None, cache_subdir: str) -> str:
        asked.append((fname, origin, file_hash))
        return fname

    monkeypatch.setattr(file_utils, "get_file", get_file)
    monkeypatch.setattr(keras.Model, "load_weights", lambda *_: None)
    return asked


@pytest.mark.filterwarnings("ignore:`input_shape` is undefined")  # MobileNets have weights for more sizes than 224
@pytest.mark.parametrize("name", KERAS)
def test_declared_facts_are_those_of_the_network_without_its_classifier(name, asked_for):
    from keras import applications

    spec, build = BACKBONES[name], getattr(applications, name)
    with pytest.raises(ValueError, match="at least"):
        build(include_top=False, weights=None, input_shape=(spec.min_size - 1, spec.min_size - 1, 3))
    with graph.without_values():
        model = build(include_top=False, weights="imagenet", input_shape=(spec.min_size, spec.min_size, 3))
    assert model.count_params() == spec.params
    assert len(backbones.weight_layers(model)) == spec.depth
    assert model.output_shape[-1] == spec.feature_dim
    assert asked_for == [(spec.weights_file, spec.weights_url, spec.weights_hash)]


@pytest.mark.parametrize("name", KERAS)
def test_declared_facts_are_those_of_the_network_with_its_classifier(name):
    from keras import applications

    spec = BACKBONES[name]
    with graph.without_values():
        model = getattr(applications, name)(include_top=True, weights=None)
    assert model.count_params() == spec.params_top
    if not name.startswith("MobileNetV3"):  # which takes any size, and names its 224 only in its documentation
        assert model.input_shape[1:3] == (spec.default_size, spec.default_size)


@pytest.mark.parametrize("name", OWN)
def test_declared_facts_are_those_of_our_own_networks(name):
    from core.backbones import networks

    spec, model = BACKBONES[name], backbones.outline(name, input_size=BACKBONES[name].min_size)
    assert (model.count_params(), len(backbones.weight_layers(model))) == (spec.params, spec.depth)
    assert model.output_shape[-1] == spec.feature_dim
    if spec.params_top:
        with graph.without_values():
            whole = networks.efficientnet_lite0(spec.default_size, classes=1000)
        assert whole.count_params() == spec.params_top


@pytest.mark.parametrize("name", [name for name, spec in BACKBONES.items() if spec.loader == "hub"])
def test_declared_facts_are_those_of_kerashubs_class_and_of_its_preset(name):
    import keras_hub

    from core.backbones.hub import networks, tensors

    spec, shape = BACKBONES[name], networks.SHAPES[name]
    kind = getattr(keras_hub.models, tensors.FAMILIES[spec.family].kerashub)
    if isinstance(shape, networks.Swin):  # which cannot be built without values
        assert spec.params == kind.presets[spec.preset]["metadata"]["params"]
    elif spec.family != "DINOv2":
        with graph.without_values():
            sizes = (shape.patch, shape.depth, shape.heads, shape.width, 4 * shape.width)
            params = kind((224, 224, 3), *sizes).count_params()
        assert params == spec.params == kind.presets[spec.preset]["metadata"]["params"]
    else:  # KerasHub keeps a mask token and the positions of 518 px besides, and counts these twice
        trained = (518 // shape.patch) ** 2 + 1
        positions = 2 * trained - (224 // shape.patch) ** 2 - 1
        assert kind.presets[spec.preset]["metadata"]["params"] == spec.params + (positions + 1) * shape.width
    assert spec.patch == shape.patch


def test_declared_facts_of_siglip_2_are_those_of_kerashubs_classes_and_of_its_preset():
    from keras_hub.models import SigLIPBackbone, SigLIPTextEncoder, SigLIPVisionEncoder

    from core.backbones.siglip import towers

    spec, shape = BACKBONES["SigLIP2B16"], towers.SHAPES["SigLIP2B16"]
    sizes = (shape.width, shape.depth, shape.heads, 4 * shape.width)
    with graph.without_values():
        image = SigLIPVisionEncoder(shape.patch, *sizes).count_params()
        text = SigLIPTextEncoder(shape.vocabulary, shape.width, *sizes).count_params()
    numbers = (224 // shape.patch) ** 2 + shape.context  # of places, which KerasHub counts as parameters
    assert image - (224 // shape.patch) ** 2 == spec.params
    assert image + text + 2 - numbers == towers.params(spec)
    assert SigLIPBackbone.presets[spec.preset]["metadata"]["params"] == towers.params(spec) + numbers


@pytest.mark.parametrize("name", KERAS)
def test_preprocessing_is_what_keras_does_for_it(name):
    from keras import applications

    spec = BACKBONES[name]
    preprocess = sys.modules[getattr(applications, name).__module__].preprocess_input
    image = np.array([[[0.0, 100.0, 255.0]]])  # one pixel, RGB
    expected = {
        "caffe": [255 - 103.939, 100 - 116.779, 0 - 123.68],
        "tf": [-1.0, 100 / 127.5 - 1, 1.0],
        "torch": [(0 - 0.485) / 0.229, (100 / 255 - 0.456) / 0.224, (1 - 0.406) / 0.225],
        "inside": [0.0, 100.0, 255.0],
    }[spec.preprocessing]
    np.testing.assert_allclose(preprocess(image.copy()).ravel(), expected, rtol=1e-5)


@pytest.mark.parametrize(
    ("name", "suffix"),
    [pytest.param(*case, marks=pytest.mark.exhaustive if case[0] in LARGE else ()) for case in WEIGHTS_FILES],
)
def test_every_kind_of_network_survives_its_weights_file(name, suffix, tmp_path: Path):
    """Other weights than the initial ones go into a file and come back; the features are the same."""
    from keras import layers

    rng, size = np.random.default_rng(0), max(BACKBONES[name].min_size, 32)
    saved = backbones.load(name, input_size=size, weights="untrained")
    for layer in backbones.weight_layers(saved):
        if not isinstance(layer, layers.Normalization):  # whose variables are facts about colours
            layer.set_weights([_other(value, rng) for value in layer.get_weights()])
    path = tmp_path / f"any{suffix}"
    saved.save_weights(path) if suffix == ".weights.h5" else saved.save(path)
    loaded = backbones.load(name, input_size=size, weights=str(path))
    assert loaded.output_shape == (None, BACKBONES[name].feature_dim)
    images = rng.uniform(-1, 1, (2, size, size, 3)).astype("float32")
    features = np.asarray(loaded(images))
    np.testing.assert_array_equal(saved(images), features)
    assert np.isfinite(features).all()


def test_official_efficientnet_weights_see_the_same_colours_as_in_keras(home, monkeypatch):
    """Keras builds one more layer for the official file than for `weights=None`: the features must be its own."""
    import keras
    from keras import applications
    from keras.src.utils import file_utils

    keras.backend.clear_session()  # so that names of layers have no numbers of earlier networks
    spec, build = BACKBONES["EfficientNetB0"], applications.EfficientNetB0
    official = build(include_top=False, weights=None, input_shape=(32, 32, 3))
    normalization = official.get_layer("normalization")
    normalization.adapt_mean.assign([0.485, 0.456, 0.406])
    normalization.adapt_variance.assign([0.229, 0.224, 0.225])  # spread, not variance, as in the official file
    normalization.finalize_state()
    path = home / "weights" / spec.weights_file
    path.parent.mkdir(parents=True)
    official.save(path)
    monkeypatch.setattr(file_utils, "get_file", lambda *_, **__: str(path))

    theirs = build(include_top=False, weights="imagenet", input_shape=(32, 32, 3), pooling="avg")
    ours = backbones.load(spec, input_size=32)
    images = np.random.default_rng(0).uniform(0, 255, (2, 32, 32, 3)).astype("float32")
    right, wrong = np.asarray(theirs(images)), np.asarray(official(images)).mean((1, 2))
    np.testing.assert_allclose(ours(images), right, atol=1e-4 * np.abs(right).max())
    assert np.abs(wrong - right).max() > 0.1 * np.abs(right).max()  # what forgetting that layer would give


def _other(value: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A value near the initial one: a network of mere noise would blow up."""
    return value * rng.uniform(0.9, 1.1, value.shape) if value.dtype.kind == "f" else value
