"""The layers of an architecture at one input size, computed once from its real graph and cached on disk.

describe(name, input_size)  from the cache, or else from the network      find(...)  from the cache only
freeze(anatomy, ...)        what a plan would train: `freezing.describe` without building the network
"""

import functools
import itertools
import logging
from dataclasses import asdict, dataclass
from importlib.metadata import version
from typing import Any

from core import backbones, storage
from core.anatomy.layers import LayerInfo, read
from core.errors import BackboneError
from core.training import freezing
from core.training.freezing import Frozen

VERSION = 6  # of the cached files; others are computed again
KIND = "anatomy"  # folder of the results
LARGEST = 1024  # pixels, as in a RunConfig

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Anatomy:
    """Every layer of a backbone, with its pooling and without a classifier."""

    backbone: str
    input_size: int  # pixels, square
    layers: tuple[LayerInfo, ...]

    @functools.cached_property
    def params(self) -> int:
        """Parameters, including BatchNorm's statistics."""
        return sum(layer.params for layer in self.layers)

    @functools.cached_property
    def macs(self) -> int:
        """Multiply-accumulates for one image."""
        return sum(layer.macs for layer in self.layers)

    @functools.cached_property
    def depth(self) -> int:
        """Layers with weights."""
        return sum(layer.weight_layer for layer in self.layers)

    @functools.cached_property
    def activations(self) -> int:
        """Values computed by all layers for one image, including the steps inside transformer blocks."""
        return sum(layer.activations for layer in self.layers)

    @functools.cached_property
    def receptive(self) -> tuple[int, int] | None:
        """The receptive field of the last feature map or tokens in pixels, rows and columns; None: the whole image."""
        return next(layer.receptive for layer in reversed(self.layers) if len(layer.shape) > 1)

    @functools.cached_property
    def slices(self) -> dict[str, int]:
        """The number of layers and of blocks with weights that can be unfrozen."""
        return {"layers": len(self.freezable), "blocks": len(self.weighted_blocks)}

    @functools.cached_property
    def holders(self) -> tuple[str, ...]:
        """The layers as Keras lists them."""
        return tuple(dict.fromkeys(layer.holder for layer in self.layers if layer.holder))

    @functools.cached_property
    def freezable(self) -> tuple[str, ...]:
        """The layers as Keras lists them, without the pooling."""
        pooling = {layer.holder for layer in self.layers if layer.block == "pool"}
        return tuple(holder for holder in self.holders if holder not in pooling)

    @functools.cached_property
    def weighted_blocks(self) -> dict[str, tuple[str, ...]]:
        """Blocks with weights, and their layers as Keras lists them."""
        return {
            block: tuple(dict.fromkeys(layer.holder for layer in members if layer.holder))
            for block, members in self._grouped("block").items()
            if any(layer.weight_layer for layer in members)
        }

    @functools.cached_property
    def parts(self) -> dict[str, tuple[LayerInfo, ...]]:
        """Layers by the part in which they are drawn, in the order of the forward pass."""
        return {name: tuple(members) for name, members in self._grouped("part").items()}

    def _grouped(self, by: str) -> dict[str, list[LayerInfo]]:
        groups: dict[str, list[LayerInfo]] = {}
        for layer in self.layers:
            groups.setdefault(getattr(layer, by), []).append(layer)
        return groups


def describe(backbone: str, input_size: int = 0) -> Anatomy:
    """The anatomy of a backbone at an input size; the first time it is read from the real network, without weights.

    Args:
        input_size: Pixels; 0: the size it was trained for.

    Raises:
        BackboneError, ConfigError: There is no such backbone, or it does not support this input size.
    """
    backbone, input_size = _checked(backbone, input_size)
    cached = find(backbone, input_size)
    if cached:
        return cached
    anatomy = Anatomy(backbone, input_size, read(backbones.outline(backbone, input_size=input_size)))
    _keep(anatomy)
    return anatomy


def find(backbone: str, input_size: int = 0) -> Anatomy | None:
    """The anatomy cached by an earlier `describe`; None if there is none or it is outdated. Needs no Keras.

    Raises:
        BackboneError: As `describe`.
    """
    backbone, input_size = _checked(backbone, input_size)

    def parse(entry: dict) -> Anatomy | None:
        if entry["made_with"] != _made_with():
            return None
        anatomy = Anatomy(backbone, input_size, tuple(map(_layer, entry["layers"])))
        params = backbones.get(backbone).params_at(input_size)
        return anatomy if anatomy.params == params else None  # the network has changed

    return storage.find(KIND, _key(backbone, input_size), parse)


def freeze(anatomy: Anatomy, unfreeze: str, count: int = 0, *, batchnorm: str = "inference") -> Frozen:
    """What a plan trains, exactly as `freezing.describe` reads it back from the network.

    Args:
        unfreeze: One of `config.UNFREEZE`.
        count: Layers or blocks from the end; 0: nothing of the backbone trains.

    Raises:
        ConfigError: The slice is longer than the network.
    """
    slices = unfreeze in ("layers", "blocks")
    chosen = set()
    if count or not slices:
        chosen = freezing.chosen(unfreeze, count, anatomy.freezable, anatomy.weighted_blocks, anatomy.backbone)
    rows = []
    for layer in anatomy.layers:
        if not layer.holder:
            continue
        is_norm = layer.kind == "BatchNormalization"
        trains = layer.holder in chosen and not (is_norm and unfreeze == "all-but-batchnorm")
        rows.append(
            freezing.Layer(
                name=layer.name,
                kind=layer.kind,
                block=layer.block,
                params=layer.params,
                trainable_params=layer.trainable_params if trains else 0,
                weight_layer=layer.weight_layer,
                batchnorm=("training" if batchnorm == "training" and trains else "inference") if is_norm else "",
            )
        )
    return freezing.collect(
        rows,
        list(dict.fromkeys(row.block for row in rows)),
        asked=count if slices else 0,
        slice_length=anatomy.slices["blocks" if unfreeze == "blocks" else "layers"],
    )


def head_params(anatomy: Anatomy, classes: int, hidden: int = 0) -> int:
    """Parameters of a new head on the pooled features: kernels and biases."""
    features = anatomy.layers[-1].shape[-1]
    widths = (features, hidden, classes) if hidden else (features, classes)
    return sum((before + 1) * after for before, after in itertools.pairwise(widths))


def _checked(backbone: str, input_size: int) -> tuple[str, int]:
    spec = backbones.get(backbone)
    size = input_size or spec.default_size
    most = spec.max_size or LARGEST
    if not spec.min_size <= size <= most:
        raise BackboneError(
            f"{spec.name} does not support {size} pixels",
            f"{spec.min_size} to {most} pixels" if spec.min_size < most else f"{most} pixels",
            f"Choose another size; it was trained for {spec.default_size}",
        )
    spec.check_patches(size)
    return spec.name, size


def _key(backbone: str, input_size: int) -> str:
    return f"{backbone}-{input_size}"


def _made_with() -> list:
    return [VERSION, version("keras")]


def _keep(anatomy: Anatomy) -> None:
    """Write the cache; without it everything works, only more slowly."""
    entry = {"made_with": _made_with(), "layers": [asdict(layer) for layer in anatomy.layers]}
    try:
        storage.keep(KIND, _key(anatomy.backbone, anatomy.input_size), entry)
    except OSError as error:
        log.warning("The anatomy of %s cannot be cached (%s)", anatomy.backbone, error)


def _layer(entry: dict[str, Any]) -> LayerInfo:
    tuples: dict[str, Any] = {name: tuple(entry[name]) for name in ("sources", "shape", "window")}
    receptive = entry["receptive"] and tuple(entry["receptive"])
    return LayerInfo(**entry | tuples | {"receptive": receptive, "inside": tuple(map(_layer, entry["inside"]))})
