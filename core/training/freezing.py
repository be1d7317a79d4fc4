"""Which layers of a backbone train: the plan is applied to the network first, and what is shown is read back from it.

    apply(network, ...)    sets the flags              inspect(network, ...)    reads them as they are

A network here is what `backbones.load` gives: flat, ending in its pooling layer.
"""

import functools
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core import backbones
from core.backbones import blocks, graph
from core.config import UNFREEZE, RunConfig
from core.errors import ConfigError

SMALL_BATCH = 16  # images; statistics of fewer are noise
LARGE_RATE = 1e-3  # a learning rate that washes pretrained weights away

_FLAGS = threading.Lock()  # held while a plan sets the flags of a cached network and reads them back


@dataclass(frozen=True)
class Layer:
    """A layer as it stands now."""

    name: str
    kind: str  # its class
    block: str
    params: int
    trainable_params: int
    weight_layer: bool  # it has weights
    batchnorm: str  # inference or training; "" for all that is not BatchNorm


@dataclass(frozen=True)
class Block:
    """A block of the architecture as it stands now."""

    name: str
    layers: int
    params: int
    trainable_params: int
    batchnorm: str  # inference, training or mixed; "" where it has none


@dataclass(frozen=True)
class Frozen:
    """What trains and what does not, read from the network; plain values that go into JSON by `asdict`."""

    layers: tuple[Layer, ...]
    blocks: tuple[Block, ...]  # in the order images pass them
    params: int
    trainable_params: int
    weight_layers: int
    trainable_weight_layers: int
    asked: int  # how many layers or blocks were to be unfrozen; 0 where that is not a number
    slice_length: int  # how many there are: layers as Keras lists them, without the pooling, or blocks


def apply(network, unfreeze: str, count: int) -> None:
    """Set which layers train.

    Args:
        unfreeze: "all"; "layers" or "blocks": the last `count` as Keras lists the layers or as `blocks` tells (those
            with weights), without the pooling; "all-but-batchnorm".

    Raises:
        ConfigError: There are fewer layers or blocks than `count`: a slice longer than the network is no plan.
    """
    trainable = chosen(
        unfreeze, count, [layer.name for layer in network.layers[:-1]], _with_weights(network), network.name
    )
    network.trainable = True  # all of it, so that nothing is left from an earlier plan
    for layer in network.layers:
        layer.trainable = layer.name in trainable
    if unfreeze == "all-but-batchnorm":
        for layer in graph.leaves(network):
            if type(layer).__name__ == "BatchNormalization":
                layer.trainable = False


def chosen(
    unfreeze: str, count: int, layers: Sequence[str], blocks: Mapping[str, Sequence[str]], network: str
) -> set[str]:
    """Names of the layers that a plan lets train.

    Args:
        layers: As Keras lists them, without the pooling.
        blocks: Those with weights, and their layers, in the order images pass them.
        network: Its name, for the error.

    Raises:
        ConfigError: As `apply`.
    """
    if unfreeze not in UNFREEZE:
        raise ConfigError(f"There is no way of unfreezing called {unfreeze!r}", f"one of {', '.join(UNFREEZE)}")
    if unfreeze == "layers":
        _check(count, len(layers), "layers", network)
        return set(layers[-count:])
    if unfreeze == "blocks":
        _check(count, len(blocks), "blocks", network)
        return {name for names in list(blocks.values())[-count:] for name in names}
    return set(layers)


def inspect(network, batchnorm: str = "inference", *, unfreeze: str = "", count: int = 0) -> Frozen:
    """The network as it stands now, whoever set its flags.

    Args:
        batchnorm: How the network is called in training: "inference", or "training", where Keras still runs the
            BatchNorm layers that do not train in inference mode.
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
    """Layers as they stand, with their sums by block (in this order) and in all."""
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


def warnings(frozen: Frozen, config: RunConfig) -> tuple[str, ...]:
    """What a lecturer would say about this plan before it starts, a sentence or two each; none where all is well."""
    found = []
    pretrained = config.method == "finetune" and config.weights != "untrained"
    if not frozen.trainable_params:
        found.append(
            f"Nothing of the backbone trains: the last {frozen.asked} of its {frozen.slice_length} layers have no "
            "weights. Unfreeze more, or probe it instead."
            if config.unfreeze == "layers"
            else "Nothing of the backbone trains. Unfreeze more, or probe it instead."
        )
    elif config.method == "finetune" and all(map(_trains, frozen.layers)):
        found.append(
            f"Nothing is frozen: {frozen.trainable_params:,} parameters train. That takes the most time and memory, "
            "and forgets the most."
        )
    modes = {row.batchnorm for row in frozen.layers}
    if "training" in modes and config.batch_size < SMALL_BATCH:
        found.append(
            f"BatchNorm in training mode takes its statistics from batches of {config.batch_size} images: noise. "
            f"Use batches of {SMALL_BATCH} or more, or inference mode."
        )
    if pretrained and frozen.trainable_params and config.learning_rate >= LARGE_RATE:
        found.append(
            f"A learning rate of {config.learning_rate:g} on an unfrozen backbone washes its pretrained weights away. "
            "1e-5 to 1e-4 is usual."
        )
    return tuple(found)


def describe(config: RunConfig) -> Frozen:
    """What would train: the plan of a config, applied to its network without any weights; quick the second time.

    Raises:
        ConfigError: A slice longer than the network.
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
    """A row for a layer, or for each layer of what nests them (ConvNeXt's stem)."""
    from keras import Model

    if isinstance(layer, Model):
        return [row for each in layer.layers for row in _rows(each, block, batchnorm, f"{inside}{layer.name}/")]
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
    """The blocks that have something to train: pooling and input have not."""
    return {
        block: names
        for block, names in blocks.of(network).items()
        if any(network.get_layer(name).weights for name in names)
    }


def _trains(row: Layer) -> bool:
    """Whether a layer trains, or has nothing that ever could, as EfficientNet's facts about colours."""
    return row.trainable_params > 0 or not row.weight_layer or row.kind == "Normalization"


def _check(count: int, there: int, what: str, network: str) -> None:
    if not 1 <= count <= there:
        raise ConfigError(
            f"The last {count} {what} of {network} were to be unfrozen",
            f"1 to {there}: it has {there} {what}",
            "Choose fewer, or unfreeze everything",
        )


def _count(weights: list) -> int:
    total = 0
    for weight in weights:
        size = 1
        for length in weight.shape:
            size *= length
        total += size
    return total
