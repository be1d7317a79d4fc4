"""Backbones: look one up, find its weights, load it as a Keras network from images to features.

    get(name) -> facts      find_weights(name) -> which file      load(name) -> the network

Only `load` and `outline` need Keras. The facts themselves are in `catalog.py`.
"""

import difflib
import functools
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from core.backbones import graph, keras_loader
from core.backbones.catalog import BACKBONES, CLIP, FROM_SCRATCH, Backbone
from core.backbones.clip import loader as clip_loader
from core.errors import BackboneError
from core.progress import Report, silent

if TYPE_CHECKING:
    import keras

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
    "published_here",
    "scratch_names",
]

PUBLISHED = ("imagenet", "published")  # what a run calls weights that their authors published; the latter CLIP's
UNTRAINED_SEED = 0


@dataclass(frozen=True)
class Weights:
    """Which weights a network has, so that results can name them."""

    origin: str  # imagenet, published (of CLIP, which never saw ImageNet's labels), file or untrained
    path: Path | None  # a file, or a folder of CLIP; None: untrained
    digest: str  # SHA-256 of the file's content, or the name and seed of untrained weights


def names() -> list[str]:
    """All backbones pretrained on ImageNet, in the order of the table (Tiny is for tests)."""
    return [
        name
        for name, facts in BACKBONES.items()
        if facts.family not in ("Tiny", FROM_SCRATCH) and not facts.has_text_tower
    ]


def clip_names() -> list[str]:
    """Those trained on images and their captions, TinyCLIP first, whose image tower is a backbone like any other."""
    return [name for name, facts in BACKBONES.items() if facts.has_text_tower]


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
    loader, origin = _loader(facts), facts.published
    if facts.own_weights(weights) == facts.published:
        path = loader.here(facts) or loader.fetch(facts, report)
    else:
        path, origin = loader.locate(facts, Path(weights).expanduser()), "file"
    return Weights(origin, path, _digest(loader.content(facts, path)))


def published_here(backbone: str | Backbone) -> Path | None:
    """The published weights on this machine, a file or of CLIP a folder; None: they have to be downloaded."""
    facts = get(backbone)
    return _loader(facts).here(facts)


def load(
    backbone: str | Backbone,
    *,
    input_size: int | None = None,
    weights: str | Weights = "imagenet",
    pooling: str = "avg",
    report: Report = silent,
) -> "keras.Model":
    """A network from images, `(b, s, s, 3)` preprocessed as the facts say, to features, `(b, d)` float32.

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
    if not isinstance(weights, Weights):
        weights = find_weights(facts, weights, report=report)

    import keras

    loader = _loader(facts)
    with graph.BUILDING:
        if weights.path is None:
            # The global seed, of which the layers' own are drawn: seeded initialisers would give other numbers than
            # those whose features are cached.
            keras.utils.set_random_seed(UNTRAINED_SEED)
        network = loader.build(facts, size, facts.own_pooling(pooling))
    loader.fill(network, facts, weights.path)
    return network


def outline(backbone: str | Backbone, *, input_size: int, pooling: str = "avg") -> "keras.Model":
    """What `load` gives, with shapes and no values."""
    facts = get(backbone)
    with graph.without_values():
        return _loader(facts).build(facts, input_size, facts.own_pooling(pooling))


def _loader(facts: Backbone):
    """The module that knows the networks of a row of the catalog, and where their weights are."""
    return {"keras": keras_loader, "clip": clip_loader}[facts.loader]


def _digest(path: Path) -> str:
    facts = path.stat()
    return _digest_of(path.resolve(), facts.st_size, facts.st_mtime_ns)


@functools.lru_cache(maxsize=256)
def _digest_of(path: Path, size: int, modified: int) -> str:
    """Of the content; reading a large file takes seconds, so once for each state of it."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
