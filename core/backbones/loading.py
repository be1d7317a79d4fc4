"""Backbones: look one up, find its weights, load it as a Keras network from images to features.

    get(name) -> its spec   find_weights(name) -> which file      load(name) -> the network

Only `load` and `outline` need Keras. The specs themselves are in `catalog.py`.
"""

import difflib
import functools
import hashlib
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from core import keras_defaults, settings
from core.backbones import graph, keras_loader
from core.backbones.catalog import BACKBONES, CLIP, FROM_SCRATCH, RENAMED, Backbone
from core.backbones.clip import loader as clip_loader
from core.backbones.hgnetv2 import loader as hgnetv2_loader
from core.backbones.hub import loader as hub_loader
from core.backbones.siglip import loader as siglip_loader
from core.errors import BackboneError, WeightsError
from core.progress import Report, silent

if TYPE_CHECKING:
    import keras

__all__ = [
    "BACKBONES",
    "CLIP",
    "PUBLISHED",
    "RENAMED",
    "Backbone",
    "Weights",
    "download_bytes",
    "download_hint",
    "find_weights",
    "get",
    "load",
    "load_text",
    "loader_of",
    "names",
    "outline",
    "own_layers",
    "pretrained_names",
    "published_here",
    "read_model",
    "scratch_names",
    "text_names",
]

PUBLISHED = ("imagenet", "published")  # names of published weights; "published" is CLIP's
UNTRAINED_SEED = 0
LOADERS = {
    "keras": keras_loader,
    "clip": clip_loader,
    "hgnetv2": hgnetv2_loader,
    "hub": hub_loader,
    "siglip": siglip_loader,
}
LARGEST_PER_PARAMETER = 16  # bytes in a file: float32, Adam's two moments, and as much again for CLIP's texts
LARGEST_REST = 100 * 10**6  # bytes of what a file may hold beside them


@dataclass(frozen=True)
class Weights:
    """Which weights a network has, recorded with results."""

    origin: str  # imagenet, published (CLIP: not trained on ImageNet's labels), file or untrained
    path: Path | None  # a file, or for CLIP a folder; None: untrained
    digest: str  # SHA-256 of the file's content, or the name and seed of untrained weights


def pretrained_names() -> list[str]:
    """All backbones with published weights, in the order of the table (Tiny is for tests)."""
    return [name for name, spec in BACKBONES.items() if spec.family not in ("Tiny", FROM_SCRATCH)]


def names() -> list[str]:
    """Names of the networks of Keras Applications, and EfficientNetLite0: convolutional, pretrained on ImageNet."""
    return [name for name in pretrained_names() if BACKBONES[name].loader == "keras"]


def text_names() -> list[str]:
    """Names of the models of images and texts, ToyCLIP first: their image tower is a backbone like any other."""
    return [name for name, spec in BACKBONES.items() if spec.has_text_tower]


def scratch_names() -> list[str]:
    """The small networks meant for training from scratch, without published weights."""
    return [name for name, spec in BACKBONES.items() if spec.family == FROM_SCRATCH]


def get(backbone: str | Backbone) -> Backbone:
    """The spec of a backbone, by its current or an earlier name; a spec is returned unchanged.

    Raises:
        BackboneError: There is no such backbone; suggests similar names.
    """
    if isinstance(backbone, Backbone):
        return backbone
    backbone = RENAMED.get(backbone, backbone)
    if backbone in BACKBONES:
        return BACKBONES[backbone]
    lower = {name.lower(): name for name in BACKBONES}
    close = [lower[match] for match in difflib.get_close_matches(str(backbone).lower(), lower, n=3)]
    raise BackboneError(
        f"There is no backbone {backbone!r}",
        f"one of the {len(pretrained_names())} available" + (f", such as {' or '.join(close)}" if close else ""),
        "`python -m core backbones` lists them",
    )


def find_weights(backbone: str | Backbone, weights: str | Path = "imagenet", *, report: Report = silent) -> Weights:
    """Find a weights file, downloading it as a last resort.

    Args:
        weights: "imagenet" looks in `assets/`, in `weights/` of the home folder and in Keras's own `~/.keras/models`,
            and then downloads; "untrained" is the seeded initialisation; anything else is the path of a `.h5` or
            `.weights.h5` file, or of a folder with files under Keras's official names. For transformers, "published"
            means the published weights too, and a path is that of a checkpoint folder: see `checkpoints`.

    Raises:
        WeightsError: The weights are neither on this machine nor downloadable; says which file to put where.
    """
    spec = get(backbone)
    if weights == "untrained" or (weights == "imagenet" and not spec.weights_file):
        drawn = "" if keras_defaults.backend() == "tensorflow" else f"-{keras_defaults.backend()}"  # other numbers
        # "own": features stored without it are of the time when threads shared their seeds, and may be of any network.
        return Weights("untrained", None, f"untrained-{spec.stored_name}-seed{UNTRAINED_SEED}-own{drawn}")
    loader, origin = loader_of(spec), spec.published
    if spec.own_weights(weights) == spec.published:
        path = loader.here(spec) or loader.fetch(spec, report)
    else:
        path, origin = loader.locate(spec, settings.expanded(weights)), "file"
    content = loader.content(spec, path)
    if origin == "file":
        _refuse_too_large(spec, path, sum(file.stat().st_size for file in content))
    return Weights(origin, path, _digest(content))


def published_here(backbone: str | Backbone) -> Path | None:
    """The published weights on this machine, a file or for CLIP a folder; None: not downloaded yet."""
    spec = get(backbone)
    return loader_of(spec).here(spec)


def download_hint(backbone: str | Backbone) -> str:
    """How to bring published weights by hand, as half a sentence: put ADDRESS into FOLDER."""
    spec = get(backbone)
    return loader_of(spec).download_hint(spec)


def download_bytes(backbone: str | Backbone) -> int:
    """About how many bytes the published weights have; 0 for a network without any."""
    spec = get(backbone)
    return loader_of(spec).download_bytes(spec) if spec.weights_file else 0


def load(
    backbone: str | Backbone,
    *,
    input_size: int | None = None,
    weights: str | Weights = "imagenet",
    pooling: str = "avg",
    seed: int = UNTRAINED_SEED,
    report: Report = silent,
) -> "keras.Model":
    """A network from images `(b, s, s, 3)` in its own preprocessing to features `(b, d)` float32.

    Network and pooling are not nested: all layers are at one level.

    Args:
        input_size: s, in pixels; None: the backbone's default.
        weights: What `find_weights` takes or returns.
        pooling: "avg" or "max" over the last feature map, or "flatten"; for ConvNeXt also "norm-avg" and "norm-max",
            whose LayerNorm comes first; for transformers "class" (for which "avg" stands), for CLIP "projected" (see
            `towers`) and for the others "patches", the mean of all.
        seed: Of untrained weights, and of what the network's own layers draw in training, such as dropout.

    Raises:
        BackboneError, ConfigError: An unknown backbone, or a pooling or an input size it does not accept.
        WeightsError: The weights are missing, or do not fit.
    """
    spec = get(backbone)
    size = spec.default_size if input_size is None else input_size
    if size < spec.min_size:
        raise BackboneError(
            f"{spec.name} cannot take images of {size} pixels",
            f"{spec.min_size} pixels or more",
            "Choose a larger size",
        )
    spec.check_patches(size)
    if size > (spec.max_size or size):
        raise BackboneError(
            f"{spec.name} cannot take images of {size} pixels", f"{spec.max_size} pixels", "Choose a smaller size"
        )
    if not isinstance(weights, Weights):
        weights = find_weights(spec, weights, report=report)

    loader = loader_of(spec)
    with graph.seeded(seed), graph.filled_later() if weights.path else nullcontext():
        network = loader.build(spec, size, spec.own_pooling(pooling))
    loader.fill(network, spec, weights.path)
    _check_filled(network, spec, weights)
    return network


def load_text(backbone: str | Backbone, weights: Weights) -> "keras.Model":
    """The text tower of one of `text_names`: tokens (b, t) int32 to the space of its images, (b, d).

    Raises:
        WeightsError: The weights do not fit.
    """
    spec = get(backbone)
    loader = loader_of(spec)
    with graph.seeded(UNTRAINED_SEED), graph.filled_later() if weights.path else nullcontext():
        network = loader.towers.text(spec)
    if weights.path is not None:
        loader.tensors.read(weights.path, network, spec, "text")
    _check_filled(network, spec, weights)
    return network


def _check_filled(network: "keras.Model", spec: Backbone, weights: Weights) -> None:
    """Raise a WeightsError if values are not from the file that should have them all."""
    if weights.path and (unfilled := graph.unfilled(network)):
        others = f" and {len(unfilled) - 1} more" if unfilled[1:] else ""
        raise WeightsError(
            f"{weights.path} gives {spec.name} no values for {unfilled[0]}{others}",
            "one for each weight",
            "Choose its weights",
        )


def read_model(path: Path) -> "keras.Model":
    """A `.keras` file of a network, or of a model that contains one.

    Raises:
        OSError, ValueError, TypeError, KeyError: It is missing or damaged.
    """
    import keras

    return cast("keras.Model", keras.models.load_model(path, custom_objects=own_layers(), compile=False))


def own_layers() -> dict[str, Any]:
    """Name -> class of the layers that neither Keras nor KerasHub has, as Keras asks for custom objects."""
    from core.backbones.hub.swin import WindowAttention

    return {"WindowAttention": WindowAttention}


def outline(backbone: str | Backbone, *, input_size: int, pooling: str = "avg") -> "keras.Model":
    """The network that `load` gives, with shapes but no values."""
    spec = get(backbone)
    with graph.without_values():
        return loader_of(spec).build(spec, input_size, spec.own_pooling(pooling))


def file_digest(path: Path) -> str:
    """SHA-256 of a file's content.

    Raises:
        WeightsError: It cannot be read.
    """
    try:
        status = path.stat()
        return _digest_of(path.resolve(), status.st_size, status.st_mtime_ns)
    except OSError as error:
        raise WeightsError(f"{path} cannot be read ({error.strerror})", "a weights file you may read") from error


def _digest(files: tuple[Path, ...]) -> str:
    """SHA-256 of the content of a file; of several, that of their digests."""
    digests = [file_digest(file) for file in files]
    return digests[0] if len(files) == 1 else hashlib.sha256("".join(digests).encode()).hexdigest()


def loader_of(spec: Backbone) -> Any:
    """The module that builds a backbone and finds its weights; where there is a text tower, with `towers`."""
    return LOADERS[spec.loader]


def _refuse_too_large(spec: Backbone, path: Path, size: int) -> None:
    """Before files are read that cannot be right: a page would wait for as long as that takes."""
    most = LARGEST_PER_PARAMETER * max(spec.params, spec.params_top or 0) + LARGEST_REST
    if size > most:
        raise WeightsError(
            f"{path} has {size / 1e9:.1f} GB, too much for weights of {spec.name}",
            f"at most {most / 1e9:.1f} GB",
            "Choose its weights",
        )


@functools.lru_cache(maxsize=256)
def _digest_of(path: Path, size: int, modified: int) -> str:
    """Digest of the content; reading a large file takes seconds, so it is cached per size and modification time."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
