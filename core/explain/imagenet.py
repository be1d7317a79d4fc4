"""Networks with their published classifier: which of ImageNet's 1,000 classes does a photo show?"""

from functools import lru_cache
from pathlib import Path
from typing import Any

from core import backbones, settings
from core.backbones import Backbone, keras_loader, keras_weights
from core.errors import WeightsError
from core.features import compiled

CLASSES = 1000
KEPT = 4  # networks in memory; the largest has 0.6 GB


@lru_cache(maxsize=1)
def class_names() -> tuple[str, ...]:
    """The 1,000 class names, in the order of the classifiers."""
    lines = (settings.ASSETS / "imagenet_classes.txt").read_text(encoding="utf-8").splitlines()
    return tuple(line.split("\t")[1] for line in lines)


def here() -> list[str]:
    """Names of the backbones whose weights with classifier are available locally, smallest first."""
    available = [spec for spec in map(backbones.get, backbones.names()) if find(spec)]
    return [spec.name for spec in sorted(available, key=lambda spec: spec.params)]


def file_name(backbone: str | Backbone) -> str:
    """Keras's file name of the weights with classifier."""
    return keras_loader.with_classifier(backbones.get(backbone).weights_file)


def find(backbone: str | Backbone) -> Path | None:
    """The weights with classifier: shipped, in the home folder, or in Keras's folder; or None."""
    return keras_loader.find(file_name(backbone))


def download_hint(backbone: str | Backbone) -> str:
    """How to bring the weights with classifier by hand: see `backbones.download_hint`."""
    return keras_loader.bring_classifier(backbones.get(backbone))


@lru_cache(maxsize=KEPT)
def load(name: str) -> Any:
    """A `compiled.Forward` from (b, s, s, 3) uint8 to (b, 1000) float32, s the backbone's default size.

    Raises:
        WeightsError: The weights with classifier are not on this machine, or do not fit.
    """
    spec = backbones.get(name)
    return compiled.compile(
        lambda: (network(name, spec.default_size), {}),
        image_size=spec.default_size,
        input_size=spec.default_size,
        mode=spec.preprocessing,
        precision="float32",
        identity={"backbone": spec.name, "weights": backbones.file_digest(_weights(spec)), "output": "classes"},
    )


def network(name: str, input_size: int) -> Any:
    """The `keras.Model` with its classifier, (b, s, s, 3) preprocessed -> (b, 1000).

    Args:
        input_size: s, in pixels. Most classifiers follow global average pooling and accept any size.

    Raises:
        WeightsError: The weights with classifier are not on this machine, or do not fit; or the classifier follows a
            flattened map, and accepts only its own size.
    """
    spec = backbones.get(name)
    path = _weights(spec)
    with compiled.building("float32"):
        built = _build(spec, input_size)
        if spec.params_top and built.count_params() != spec.params_top:
            raise WeightsError(
                f"The classifier of {spec.name} has weights for every position of {spec.default_size} px images",
                f"{spec.default_size} px",
            )
        keras_weights.read(path, built, spec.name)
        backbones.complete_efficientnet_input(built)
    return built


def from_pixels(network: Any, size: int, mode: str) -> Any:
    """The same network for uint8 images (b, s, s, 3), its classifier the last layer, as explanations need it."""
    import keras

    last = network.layers[-1]
    with compiled.building("float32"):
        pixels = keras.Input((size, size, 3), dtype="uint8")
        before = keras.Model(network.inputs[0], last.input)
        return keras.Model(pixels, last(before(compiled.prepare(pixels, size, mode))))


def _weights(spec: Backbone) -> Path:
    path = find(spec)
    if path is None:
        raise WeightsError(f"The ImageNet classifier of {spec.name} is not on this machine: {download_hint(spec)}")
    return path


def _build(spec: Backbone, input_size: int) -> Any:
    from keras import applications

    from core.backbones import networks

    if spec.name == "EfficientNetLite0":
        return networks.efficientnet_lite0(input_size, classes=CLASSES)
    return getattr(applications, spec.name)(weights=None, input_shape=(input_size, input_size, 3))
