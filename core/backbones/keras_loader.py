"""Networks of Keras Applications and our own: how to build them and where to find their weights.

A loader is a module with these functions, selected by `Backbone.loader`; checkpoints have others: `clip.loader`.
"""

import re
from pathlib import Path
from typing import TYPE_CHECKING

from core import download, settings, storage
from core.backbones import keras_weights
from core.backbones.catalog import Backbone
from core.errors import WeightsError
from core.progress import Report

if TYPE_CHECKING:
    import keras

# Standard deviation of ImageNet's colours, used in training EfficientNet B0 to B7 (keras.applications.efficientnet)
_IMAGENET_STD = (0.229, 0.224, 0.225)


def here(spec: Backbone) -> Path | None:
    """The file of the published weights: shipped, in the home folder, or in Keras's folder; None: in none of them."""
    return find(spec.weights_file)


def find(file_name: str) -> Path | None:
    """A weights file by its official name: shipped, in the home folder, or in Keras's folder; None: in none of them."""
    folders = (settings.ASSETS, settings.home() / "weights", settings.keras_home() / "models")
    paths = [folder / file_name for folder in folders if file_name]
    return next(filter(storage.is_file, paths), None)


def fetch(spec: Backbone, report: Report) -> Path:
    """Download Keras's official file into the home folder.

    Raises:
        WeightsError: It cannot be downloaded; says which file to put where.
    """
    path, url = settings.home() / "weights" / spec.weights_file, spec.weights_url
    if not url:
        raise WeightsError(
            f"The shipped weights of {spec.name} are missing",
            f"the file {settings.ASSETS / spec.weights_file}",
            "Restore it from the repository",
        )
    try:
        download.fetch(url, path, spec.weights_hash, report)
    except download.DownloadError as error:
        raise WeightsError(
            f"The weights of {spec.name} are not here and cannot be downloaded ({error}): {download_hint(spec)}"
        ) from error
    return path


def download_hint(spec: Backbone) -> str:
    """How to bring the published weights by hand, as half a sentence: the address of the file, and its folder."""
    return _put(spec.weights_url, spec.weights_file)


def bring_classifier(spec: Backbone) -> str:
    """The same for the weights with classifier."""
    return _put(with_classifier(spec.weights_url), with_classifier(spec.weights_file))


def with_classifier(file_name: str) -> str:
    """Keras's name, or address, of the weights with classifier: that without it contains `notop` in some spelling."""
    return re.sub(r"[_-]no[_-]?top(_v2)?", "", file_name)


def download_bytes(spec: Backbone) -> int:
    """About the size of the file to download: float32 without a classifier."""
    return 4 * spec.params


def locate(spec: Backbone, path: Path) -> Path:
    """The weights file that a path stands for: itself or, in a folder, the one of the official name.

    Raises:
        WeightsError: There is no such file.
    """
    if storage.is_folder(path) and spec.weights_file:
        path = path / spec.weights_file
    if not storage.is_file(path):
        published = f"; the published one is {spec.weights_url}" if spec.weights_url else ""
        raise WeightsError(f"There is no weights file {path} for {spec.name}{published}")
    return path.resolve()


def content(spec: Backbone, path: Path) -> tuple[Path, ...]:
    """The files whose content identifies the weights."""
    return (path,)


def _put(url: str, name: str) -> str:
    renamed = "" if url.endswith(f"/{name}") else f" as {name}"
    return f"put {url} into {settings.home() / 'weights'}{renamed}"


def build(spec: Backbone, size: int, pooling: str) -> "keras.Model":
    """The network without classifier, from `(b, s, s, 3)` to pooled features."""
    import keras

    from core.backbones import networks

    if spec.name in networks.OWN:
        network = networks.OWN[spec.name](size)
    else:
        application = getattr(keras.applications, spec.name)
        network = application(include_top=False, weights=None, input_shape=(size, size, 3))
    pool = pooling_layer(pooling.removeprefix("norm-"))
    if spec.norm_follows(pooling):
        norm = network.layers[-1]  # at every position of the feature map; another one like it follows the pooling
        features = type(norm).from_config(norm.get_config())(pool(norm.input))
    else:
        features = pool(network.output)
    return keras.Model(network.input, features, name=network.name)


def pooling_layer(pooling: str) -> "keras.Layer":
    """The layer from a feature map to features."""
    from keras import layers

    kinds = {"avg": layers.GlobalAveragePooling2D, "max": layers.GlobalMaxPooling2D, "flatten": layers.Flatten}
    return kinds[pooling](name="pooled")


def fill(network: "keras.Model", spec: Backbone, path: Path | None) -> None:
    """Load weights into a network; None: it keeps its initial weights.

    Raises:
        WeightsError: The weights do not fit.
    """
    if path is not None:
        keras_weights.read(path, network, spec.name)
        complete_efficientnet_input(network)


def complete_efficientnet_input(network: "keras.Model") -> None:
    """Divide by the colours' standard deviation once more, as Keras does in a layer that `weights=None` omits.

    The official EfficientNet B0 to B7 files hold the standard deviation where Normalization expects the variance, and
    `keras.applications.EfficientNetB0(weights="imagenet")` adds a Rescaling for that (tensorflow#49930). Squaring the
    variable has the same effect. Files without this oddity are left alone.
    """
    import numpy as np
    from keras import layers, ops

    for layer in network.layers:
        if isinstance(layer, layers.Normalization) and layer.weights:
            deviation = np.asarray(ops.convert_to_numpy(layer.adapt_variance))
            if np.allclose(deviation, _IMAGENET_STD, atol=1e-3):
                layer.adapt_variance.assign(deviation**2)
                layer.finalize_state()
