"""Backbones: look one up, find its weights, load it as a Keras network from images to features.

    get(name) -> facts      find_weights(name) -> which file      load(name) -> the network

Only `load` and `outline` need Keras. The facts themselves are in `catalog.py`.
"""

import difflib
import functools
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from core import download, settings
from core.backbones import graph, keras_weights
from core.backbones.catalog import BACKBONES, CLIP, FROM_SCRATCH, Backbone
from core.backbones.clip import checkpoints, towers
from core.errors import BackboneError, WeightsError
from core.progress import Report, silent

__all__ = [
    "BACKBONES",
    "CLIP",
    "PUBLISHED",
    "Backbone",
    "Weights",
    "clip_names",
    "find_weights",
    "get",
    "load",
    "names",
    "outline",
    "own_weights",
    "published_here",
    "scratch_names",
]

PUBLISHED = ("imagenet", "published")  # what a run calls weights that their authors published; the latter CLIP's
UNTRAINED_SEED = 0

# Mean and spread of ImageNet's colours, by which EfficientNet B0 to B7 were trained (keras.applications.efficientnet)
_IMAGENET_STD = (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class Weights:
    """Which weights a network has, so that results can name them."""

    origin: str  # imagenet, published (of CLIP, which never saw ImageNet's labels), file or untrained
    path: Path | None  # a file, or a folder of CLIP; None: untrained
    digest: str  # SHA-256 of the file's content, or the name and seed of untrained weights


def names() -> list[str]:
    """All backbones pretrained on ImageNet, in the order of the table (Tiny is for tests)."""
    return [name for name, facts in BACKBONES.items() if facts.family not in ("Tiny", FROM_SCRATCH, CLIP)]


def clip_names() -> list[str]:
    """Those trained on images and their captions, TinyCLIP first, whose image tower is a backbone like any other."""
    return [name for name, facts in BACKBONES.items() if facts.family == CLIP]


def scratch_names() -> list[str]:
    """The networks that are there to be trained from scratch: small, with no weights from elsewhere."""
    return [name for name, facts in BACKBONES.items() if facts.family == FROM_SCRATCH]


def get(backbone: str | Backbone) -> Backbone:
    """The facts of a backbone, by its name; facts are passed through.

    Raises:
        BackboneError: There is none of this name; names those that are close.
    """
    if isinstance(backbone, Backbone):
        return backbone
    if backbone in BACKBONES:
        return BACKBONES[backbone]
    lower = {name.lower(): name for name in BACKBONES}
    close = [lower[match] for match in difflib.get_close_matches(str(backbone).lower(), lower, n=3)]
    raise BackboneError(
        f"There is no backbone {backbone!r}",
        f"one of the {len(names())} known ones" + (f", such as {' or '.join(close)}" if close else ""),
        "`python -m core backbones` lists them",
    )


def find_weights(backbone: str | Backbone, weights: str | Path = "imagenet", *, report: Report = silent) -> Weights:
    """Finds a weights file, downloading it as the last resort.

    Args:
        weights: "imagenet" looks in `assets/`, in `weights/` of the home folder and in Keras's own `~/.keras/models`,
            and then downloads; "untrained" is the seeded initialisation; anything else is the path of a `.h5` or
            `.weights.h5` file, or of a folder with files under Keras's official names. Of CLIP, the published ones
            are called "published" as well, and the path is of a folder of its own: see `checkpoints`.

    Raises:
        WeightsError: Nothing is there, or nothing can be downloaded: says which file to put where.
    """
    facts = get(backbone)
    if weights == "untrained" or (weights == "imagenet" and not facts.weights_file):
        return Weights("untrained", None, f"untrained-{facts.name}-seed{UNTRAINED_SEED}")
    weights = own_weights(facts, weights)
    if facts.family == CLIP:
        return _clip_weights(facts, weights, report)
    if weights == "imagenet":
        path = published_here(facts) or _download(facts, report)
        return Weights("imagenet", path, _digest(path))
    path = Path(weights).expanduser()
    if path.is_dir():
        path = path / facts.weights_file
    if not path.is_file():
        raise WeightsError(
            f"There is no weights file {path}",
            f"a .h5 or .weights.h5 file for {facts.name}, or a folder with {facts.weights_file}",
            "Check the path, or choose imagenet or untrained",
        )
    return Weights("file", path.resolve(), _digest(path))


def own_weights(facts: Backbone, weights: str | Path) -> str | Path:
    """What weights are called of this backbone: those everything asks for by default are "published" of a CLIP."""
    return "published" if facts.family == CLIP and weights == "imagenet" else weights


def published_here(backbone: str | Backbone) -> Path | None:
    """The file of the published weights, in `assets/`, the home folder or Keras's own; None: it is to be downloaded."""
    facts = get(backbone)
    if facts.family == CLIP:
        return checkpoints.here(facts)
    keras_home = Path(os.environ.get("KERAS_HOME") or "~/.keras").expanduser()
    for folder in (settings.ASSETS, settings.home() / "weights", keras_home / "models"):
        path = folder / facts.weights_file
        if path.is_file():
            return path
    return None


def load(
    backbone: str | Backbone,
    *,
    input_size: int | None = None,
    weights: str | Weights = "imagenet",
    pooling: str = "avg",
    report: Report = silent,
):
    """A `keras.Model` from images, `(b, s, s, 3)` preprocessed as the facts say, to features, `(b, d)` float32.

    Its layers are those of the network and the pooling, not nested. Untrained weights are the same in every call.

    Args:
        input_size: s, in pixels; None: the backbone's default.
        weights: What `find_weights` takes, or what it gave.
        pooling: "avg" or "max" over the last feature map, or "flatten"; of CLIP "class" (which "avg" then stands for)
            or "projected": see `towers`.

    Raises:
        BackboneError: An unknown backbone, an input below its minimum.
        WeightsError: The weights are not there, or do not fit.
    """
    facts = get(backbone)
    size = facts.default_size if input_size is None else input_size
    if size < facts.min_size:
        raise BackboneError(
            f"{facts.name} cannot take images of {size} pixels",
            f"{facts.min_size} pixels or more",
            "Choose a larger size",
        )
    if size > (facts.max_size or size):
        raise BackboneError(
            f"{facts.name} cannot take images of {size} pixels", f"{facts.max_size} pixels", "Choose a smaller size"
        )
    found = weights if isinstance(weights, Weights) else find_weights(facts, weights, report=report)

    import keras

    with graph.BUILDING:
        if found.path is None:
            # The global seed, of which the layers' own are drawn: seeded initialisers would give other numbers than
            # those whose features are cached.
            keras.utils.set_random_seed(UNTRAINED_SEED)
        network = _build(facts, size)
    if facts.family == CLIP:
        return _clip_image_tower(network, facts, found.path, pooling)
    if found.path is not None:
        keras_weights.read(found.path, network, facts.name)
        complete_efficientnet_input(network)
    return _pooled(network, pooling)


def outline(backbone: str | Backbone, *, input_size: int, pooling: str = "avg"):
    """What `load` gives, with shapes and no values."""
    facts = get(backbone)
    with graph.without_values():
        network = _build(facts, input_size)
        return towers.pooled(network, facts, pooling) if facts.family == CLIP else _pooled(network, pooling)


def _pooled(network, pooling: str):
    import keras

    pool = {
        "avg": keras.layers.GlobalAveragePooling2D,
        "max": keras.layers.GlobalMaxPooling2D,
        "flatten": keras.layers.Flatten,
    }[pooling]
    return keras.Model(network.input, pool(name="pooled")(network.output), name=network.name)


def _build(facts: Backbone, size: int):
    """The network without classifier, from `(b, s, s, 3)` to its last feature map."""
    from keras import applications

    from core.backbones import networks

    if facts.family == CLIP:
        return towers.image(facts)
    if facts.name in networks.OWN:
        return networks.OWN[facts.name](size)
    return getattr(applications, facts.name)(include_top=False, weights=None, input_shape=(size, size, 3))


def _clip_weights(facts: Backbone, weights: str | Path, report: Report) -> Weights:
    if weights == "published":
        path = checkpoints.here(facts) or checkpoints.download(facts, report)
        return Weights("published", path, _digest(checkpoints.tensors(path, facts)))
    path = Path(weights).expanduser().resolve()
    return Weights("file", path, _digest(checkpoints.tensors(path, facts)))


def _clip_image_tower(network, facts: Backbone, path: Path | None, pooling: str):
    network = towers.pooled(network, facts, pooling)
    towers.number_positions(network)
    if path is not None:
        checkpoints.read(path, network, facts, "image")
    return network


def complete_efficientnet_input(network) -> None:
    """Divides by the colours' spread once more, which Keras does in a layer that `weights=None` leaves out.

    The official EfficientNet B0 to B7 files carry the spread where Normalization expects its square, and
    `keras.applications.EfficientNetB0(weights="imagenet")` adds a Rescaling for that (tensorflow#49930). Squaring the
    variable does the same. Files without this oddity are left alone.
    """
    import numpy as np
    from keras import layers, ops

    for layer in network.layers:
        if isinstance(layer, layers.Normalization) and layer.weights:
            spread = ops.convert_to_numpy(layer.adapt_variance)
            if np.allclose(spread, _IMAGENET_STD, atol=1e-3):
                layer.adapt_variance.assign(spread**2)
                layer.finalize_state()


def _download(facts: Backbone, report: Report) -> Path:
    """Fetches Keras's official file into the home folder."""
    path, url = settings.home() / "weights" / facts.weights_file, facts.weights_url
    if not url:
        raise WeightsError(
            f"The shipped weights of {facts.name} are missing",
            f"the file {settings.ASSETS / facts.weights_file}",
            "Restore it from the repository",
        )
    try:
        download.fetch(url, path, facts.weights_hash, report)
    except download.DownloadError as error:
        raise WeightsError(
            f"{facts.name} has no weights here and {url} cannot be fetched ({error})",
            "",
            f"Put {url} at {path}, connect to the internet, or choose untrained weights",
        ) from error
    return path


def _digest(path: Path) -> str:
    facts = path.stat()
    return _digest_of(path.resolve(), facts.st_size, facts.st_mtime_ns)


@functools.lru_cache(maxsize=256)
def _digest_of(path: Path, size: int, modified: int) -> str:
    """Of the content; reading a large file takes seconds, so once for each state of it."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
