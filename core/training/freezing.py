"""Which layers of a backbone train: a plan is applied to the network, and what is displayed is read back from it.

    apply(network, ...)    sets the trainable flags    inspect(network, ...)    reads them

A network here is one from `backbones.load`: flat, with a pooling layer, which is not counted.
"""

import functools
import math
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core import backbones
from core.backbones import blocks, graph
from core.config import UNFREEZE, RunConfig
from core.errors import ConfigError

SMALL_BATCH = 16  # images; BatchNorm statistics of fewer are too noisy
LARGE_RATE = 1e-3  # a learning rate that destroys pretrained weights

_FLAGS = threading.Lock()  # held while a plan sets the flags of a cached network and reads them back


@dataclass(frozen=True)
class Layer:
    """The current state of a layer."""

    name: str
    kind: str  # its class
    block: str
    params: int
    trainable_params: int
    weight_layer: bool  # it has weights
    batchnorm: str  # inference or training; "" for other layers


@dataclass(frozen=True)
class Block:
    """The current state of a block of the architecture."""

    name: str
    layers: int
    params: int
    trainable_params: int
    batchnorm: str  # inference, training or mixed; "" without BatchNorm


@dataclass(frozen=True)
class Frozen:
    """What trains and what is frozen, read from the network; `asdict` makes JSON values of it."""

    layers: tuple[Layer, ...]
    blocks: tuple[Block, ...]  # in forward order
    params: int
    trainable_params: int
    weight_layers: int
    trainable_weight_layers: int
    asked: int  # layers or blocks to unfreeze; 0 where the plan names no number
    slice_length: int  # layers (as Keras lists them, without the pooling) or blocks in total


def apply(network, unfreeze: str, count: int) -> None:
    """Set which layers train.

    Args:
        unfreeze: "all"; "all-but-batchnorm"; "layers": the last `count` in Keras's order, without the pooling; or
            "blocks": the last `count` blocks with weights.

    Raises:
        ConfigError: The network has fewer than `count` layers or blocks.
    """
    pooling = blocks.pooling(network)
    layers = [layer.name for layer in network.layers if layer is not pooling]
    trainable = chosen(unfreeze, count, layers, _with_weights(network), network.name)
    network.trainable = True  # all layers, to undo any earlier plan
    for layer in network.layers:
        layer.trainable = layer.name in trainable
    if unfreeze == "all-but-batchnorm":
        for layer in graph.leaves(network):
            if type(layer).__name__ == "BatchNormalization":
                layer.trainable = False


def chosen(
    unfreeze: str, count: int, layers: Sequence[str], blocks: Mapping[str, Sequence[str]], network: str
) -> set[str]:
    """Names of the layers that a plan trains.

    Args:
        layers: In Keras's order, without the pooling.
        blocks: The blocks with weights and their layers, in forward order.
        network: The network's name, for the error.

    Raises:
        ConfigError: See `apply`.
    """
    if unfreeze not in UNFREEZE:
        raise ConfigError(f"There is no unfreezing plan {unfreeze!r}", f"one of {', '.join(UNFREEZE)}")
    if unfreeze == "layers":
        _check(count, len(layers), "layers", network)
        return set(layers[-count:])
    if unfreeze == "blocks":
        _check(count, len(blocks), "blocks", network)
        return {name for names in list(blocks.values())[-count:] for name in names}
    return set(layers)


def inspect(network, batchnorm: str = "inference", *, unfreeze: str = "", count: int = 0) -> Frozen:
    """The current state of a network, whatever set its flags.

    Args:
        batchnorm: The mode in which the network is called during training: "inference" or "training". In training mode
            Keras still runs frozen BatchNorm layers in inference mode.
    """
    layers = []
    parts = blocks.of(network)
    for block, names in parts.items():
        for name in names:
            layers += _rows(network.get_layer(name), block, batchnorm)
    order = {name: index for index, name in enumerate(layer.name for layer in network.layers)}
    layers.sort(key=lambda row: order[row.name.split("/")[0]])
    return collect(
        layers,
        list(parts),
        asked=count if unfreeze in ("layers", "blocks") else 0,
        slice_length=len(_with_weights(network)) if unfreeze == "blocks" else len(network.layers) - 1,
    )


def collect(layers: Sequence[Layer], blocks: Sequence[str], *, asked: int, slice_length: int) -> Frozen:
    """Layers with their totals per block, in this order, and overall."""
    weighted = [row for row in layers if row.weight_layer]
    return Frozen(
        layers=tuple(layers),
        blocks=tuple(_block(name, [row for row in layers if row.block == name]) for name in blocks),
        params=sum(row.params for row in layers),
        trainable_params=sum(row.trainable_params for row in layers),
        weight_layers=len(weighted),
        trainable_weight_layers=sum(row.trainable_params > 0 for row in weighted),
        asked=asked,
        slice_length=slice_length,
    )


def warnings(frozen: Frozen, config: RunConfig, n_train: int) -> tuple[str, ...]:
    """Warnings about a plan before it starts, of one or two sentences each; empty if it looks sound.

    Args:
        n_train: Number of training images.
    """
    sentences = []
    pretrained = config.method == "finetune" and config.weights != "untrained"
    if not frozen.trainable_params:
        sentences.append(
            f"Nothing of the backbone trains: the last {frozen.asked} of its {frozen.slice_length} layers have no "
            "weights. Unfreeze more, or probe it instead."
            if config.unfreeze == "layers"
            else "Nothing of the backbone trains. Unfreeze more, or probe it instead."
        )
    elif config.method == "finetune" and all(map(_trains, frozen.layers)):
        sentences.append(
            f"Nothing is frozen: {frozen.trainable_params:,} parameters train. This costs the most time and memory, "
            "and forgets the most."
        )
    if noisy := noisy_batchnorm(frozen, config, n_train):
        sentences.append(noisy)
    if pretrained and frozen.trainable_params and config.learning_rate >= LARGE_RATE:
        sentences.append(
            f"A learning rate of {config.learning_rate:g} on an unfrozen backbone destroys its pretrained weights. "
            "1e-5 to 1e-4 is typical."
        )
    return tuple(sentences)


def noisy_batchnorm(frozen: Frozen, config: RunConfig, n_train: int) -> str:
    """A warning if BatchNorm layers train on batches of too few images, the last one of an epoch included; or ""."""
    if all(row.batchnorm != "training" for row in frozen.layers):
        return ""
    remedy = f"use batches of {SMALL_BATCH} or more" + (", or inference mode" if config.method == "finetune" else "")
    if config.batch_size == 1:
        return f"BatchNorm trains here on one image at a time, whose statistics mean nothing: {remedy}."
    if config.batch_size < SMALL_BATCH:
        return (
            f"BatchNorm in training mode takes its statistics from batches of {config.batch_size} images, which is too "
            f"noisy: {remedy}."
        )
    if n_train % config.batch_size == 1:
        return (
            f"BatchNorm trains here, and the last batch of each epoch would be one of the {n_train:,} images alone, "
            f"whose statistics mean nothing: use batches of {_even(n_train, config.batch_size)}."
        )
    return ""


def _even(n_train: int, batch_size: int) -> int:
    """The next larger batch size that leaves no single image for the last batch."""
    return next(size for size in range(batch_size + 1, n_train + 1) if n_train % size != 1)


def describe(config: RunConfig) -> Frozen:
    """What would train: the plan of a config applied to its network, built without values; cached.

    Raises:
        ConfigError: See `apply`.
    """
    from_scratch = config.method == "scratch"
    return _describe(
        config.backbone,
        config.input_size,
        config.pooling,
        "all" if from_scratch else config.unfreeze,
        config.unfreeze_count if config.unfreeze in ("layers", "blocks") and not from_scratch else 0,
        "training" if from_scratch else config.batchnorm,
    )


@functools.lru_cache(maxsize=256)
def _describe(backbone: str, input_size: int, pooling: str, unfreeze: str, count: int, batchnorm: str) -> Frozen:
    with _FLAGS:
        network = _outline(backbone, input_size, pooling)
        apply(network, unfreeze, count)
        return inspect(network, batchnorm, unfreeze=unfreeze, count=count)


@functools.lru_cache(maxsize=4)
def _outline(backbone: str, input_size: int, pooling: str):
    return backbones.outline(backbone, input_size=input_size, pooling=pooling)


def _rows(layer, block: str, batchnorm: str, inside: str = "") -> list[Layer]:
    """A row for a layer, or one for each layer of a nested network (ConvNeXt's stem)."""
    from keras import Model

    if isinstance(layer, Model):
        return [row for inner in layer.layers for row in _rows(inner, block, batchnorm, f"{inside}{layer.name}/")]
    kind, mode = type(layer).__name__, ""
    if kind == "BatchNormalization":
        mode = "training" if batchnorm == "training" and layer.trainable else "inference"
    return [
        Layer(
            name=inside + layer.name,
            kind=kind,
            block=block,
            params=_count(layer.weights),
            trainable_params=_count(layer.trainable_weights),
            weight_layer=bool(layer.weights),
            batchnorm=mode,
        )
    ]


def _block(name: str, rows: list[Layer]) -> Block:
    modes = {row.batchnorm for row in rows} - {""}
    return Block(
        name=name,
        layers=len(rows),
        params=sum(row.params for row in rows),
        trainable_params=sum(row.trainable_params for row in rows),
        batchnorm=modes.pop() if len(modes) == 1 else "mixed" if modes else "",
    )


def _with_weights(network) -> dict[str, list[str]]:
    """The blocks with weights: all but pooling and input."""
    return {
        block: names
        for block, names in blocks.of(network).items()
        if any(network.get_layer(name).weights for name in names)
    }


def _trains(row: Layer) -> bool:
    """Whether a layer trains, or has no weights that ever could, such as EfficientNet's input normalisation."""
    return row.trainable_params > 0 or not row.weight_layer or row.kind == "Normalization"


def _check(count: int, total: int, what: str, network: str) -> None:
    if not 1 <= count <= total:
        raise ConfigError(
            f"The last {count} {what} of {network} cannot be unfrozen",
            f"1 to {total}: it has {total} {what}",
            "Choose fewer, or unfreeze everything",
        )


def _count(weights: list) -> int:
    return sum(math.prod(weight.shape) for weight in weights)
