"""Published classifiers: found by Keras's file names, and right about photographs."""

from pathlib import Path

import numpy as np
import pytest

from core import backbones, settings
from core.data import images
from core.errors import WeightsError
from core.explain import imagenet


def test_the_thousand_names_differ():
    assert len(set(imagenet.class_names())) == imagenet.CLASSES
    assert imagenet.class_names()[0] == "tench"
    assert {"daisy", "palace"} <= set(imagenet.class_names())


@pytest.mark.parametrize(
    ("backbone", "name"),
    [
        ("VGG16", "vgg16_weights_tf_dim_ordering_tf_kernels.h5"),
        ("MobileNetV2", "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224.h5"),
        ("MobileNetV3Large", "weights_mobilenet_v3_large_224_1.0_float.h5"),
        ("NASNetLarge", "nasnet_large.h5"),
        ("EfficientNetV2B0", "efficientnetv2-b0.h5"),
        ("ConvNeXtTiny", "convnext_tiny.h5"),
    ],
)
def test_files_with_classifier_have_the_names_that_keras_gives_them(backbone, name):
    assert imagenet.file_name(backbone) == name


def test_no_file_of_a_backbone_alone_passes_for_one_with_classifier():
    for name in backbones.names():
        spec = backbones.get(name)
        assert spec.name == "EfficientNetLite0" or imagenet.file_name(name) != spec.weights_file


def test_a_file_in_the_home_folder_is_found_and_what_is_missing_is_named(store):
    assert "EfficientNetLite0" in imagenet.here()
    assert "VGG19" not in imagenet.here()
    with pytest.raises(WeightsError, match=r"vgg19_weights_tf_dim_ordering_tf_kernels\.h5"):
        imagenet.load("VGG19")
    (settings.folder("weights") / imagenet.file_name("VGG19")).touch()
    assert "VGG19" in imagenet.here()


def test_a_file_in_the_folder_of_keras_is_found_wherever_that_is(store, tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    path = tmp_path / "models" / imagenet.file_name("VGG19")
    path.parent.mkdir()
    path.touch()
    assert imagenet.find("VGG19") == path


@pytest.mark.slow
def test_the_shipped_classifier_knows_a_palace():
    photo = Path(pytest.importorskip("sklearn").__file__).parent / "datasets" / "images" / "china.jpg"
    image = images.square(images.decode(photo), 224)
    probabilities = np.asarray(imagenet.load("EfficientNetLite0").function(image[None]))[0]
    assert probabilities.sum() == pytest.approx(1, abs=1e-3)
    assert imagenet.class_names()[probabilities.argmax()] == "palace"


@pytest.mark.slow
def test_a_keras_file_with_classifier_gives_what_keras_gives(store):
    import keras

    network = keras.applications.MobileNet(weights=None)
    network.save_weights(settings.folder("weights") / "whole.weights.h5")
    path = settings.folder("weights") / imagenet.file_name("MobileNet")
    (settings.folder("weights") / "whole.weights.h5").rename(path)
    image = np.random.default_rng(0).integers(0, 256, (1, 224, 224, 3)).astype(np.uint8)
    ours = np.asarray(imagenet.load.__wrapped__("MobileNet").function(image))
    theirs = network(keras.applications.mobilenet.preprocess_input(image.astype(np.float32)), training=False)
    np.testing.assert_allclose(ours, np.asarray(theirs), atol=1e-5)
