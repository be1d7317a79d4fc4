"""A network's graph as plain values: for every layer its shape, parameters, arithmetic, and how far it sees.

MACs are multiply-accumulates for one image: convolutions and dense layers; what BatchNorm, activations, poolings and
sums take is small beside that and not counted.

The receptive field is the side of the square of input pixels that one output value can depend on, from windows and
strides alone (Araujo et al. 2019, Computing Receptive Fields of Convolutional Neural Networks,
https://doi.org/10.23915/distill.00021). It may be larger than the image. A gate of squeeze-and-excitation, which
multiplies by a mean over the whole image, is left out where it joins: else everything after it would see everything.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from core import freezing

MULTIPLYING = ("Conv2D", "DepthwiseConv2D", "SeparableConv2D", "Dense")
_CONVNEXT = re.compile(r"convnext_\w+?_(stage_\d_block_\d+)_")


@dataclass(frozen=True)
class Layer:
    """A layer of the graph, or a bare operation between layers, such as the sum of ConvNeXt's residual blocks."""

    name: str  # numbered as in a fresh process, where Keras numbers
    kind: str  # its class
    block: str  # as `freezing.blocks` has it
    part: str  # the block, or what of it is drawn alone: ConvNeXt's blocks are whole stages
    holder: str  # the entry of `network.layers` that is frozen with it: itself, or what nests it; "" of an operation
    sources: tuple[str, ...]  # names of those whose outputs it takes
    shape: tuple[int, ...]  # of what it gives for one image: height, width, channels
    params: int
    trainable_params: int  # those that train when nothing is frozen
    macs: int  # for one image
    receptive: tuple[int, int] | None  # pixels, rows and columns; None: the whole image
    window: tuple[int, int]  # of a convolution or a pooling; (0, 0) of all others
    stride: int
    groups: int  # of a convolution: channels only see their own; as many as channels: depthwise
    function: str  # its activation, or ""

    @property
    def weight_layer(self) -> bool:
        """Whether it has weights."""
        return self.params > 0

    @property
    def activations(self) -> int:
        """How many numbers it gives for one image."""
        return math.prod(self.shape)


def read(network: Any) -> tuple[Layer, ...]:
    """Every layer and bare operation of a network (as `backbones.outline` gives it), in the order of its graph."""
    import keras

    block_of = {name: block for block, names in freezing.blocks(network).items() for name in names}
    reach: dict[str, _Reach] = {}
    last: dict[str, str] = {}  # an operation of the graph -> the layer that gives its output, where it nests several
    found: list[Layer] = []
    for operation in network.operations:
        node = operation._inbound_nodes[-1]
        before = tuple(dict.fromkeys(last[t._keras_history.operation.name] for t in node.input_tensors))
        listed = isinstance(operation, keras.Layer)
        # A bare operation belongs where the last of its inputs does: a sum closes its block.
        closes = next((row for row in reversed(found) if row.name in before), None)
        block = block_of[operation.name] if listed else closes.block
        for leaf in _leaves(operation):
            inside = leaf.name if leaf is operation else f"{operation.name}/{leaf.name}"
            reach[inside] = _seen(leaf, [reach[name] for name in before])
            holder = operation.name if listed else ""
            row = _facts(leaf, inside, block, holder, before, reach[inside].size)
            found.append(row if listed else replace(row, part=closes.part))
            before = (inside,)
        last[operation.name] = before[0] if before else operation.name
    return _numbered(found)


@dataclass(frozen=True)
class _Reach:
    """How far an output sees, and how many input pixels lie between two neighbouring outputs; rows and columns."""

    size: tuple[int, int] | None
    step: tuple[int, int]


def _seen(leaf: Any, before: Sequence[_Reach]) -> _Reach:
    """The receptive field after a layer, from those before it."""
    if type(leaf).__name__.startswith("Global") or type(leaf).__name__ == "Flatten":
        return _Reach(None, (1, 1))
    local = [reach for reach in before if reach.size]
    if not local:
        return _Reach(None, (1, 1)) if before else _Reach((1, 1), (1, 1))
    size = tuple(max(reach.size[axis] for reach in local) for axis in (0, 1))
    step = tuple(max(reach.step[axis] for reach in local) for axis in (0, 1))
    window, strides = _window(leaf), _strides(leaf)
    if window == (0, 0):
        return _Reach(size, step)
    spread = leaf.dilation_rate if hasattr(leaf, "dilation_rate") else (1, 1)
    return _Reach(
        tuple(size[axis] + (window[axis] - 1) * spread[axis] * step[axis] for axis in (0, 1)),
        tuple(step[axis] * strides[axis] for axis in (0, 1)),
    )


def _facts(
    leaf: Any, name: str, block: str, holder: str, sources: tuple[str, ...], receptive: tuple[int, int] | None
) -> Layer:
    weights = getattr(leaf, "weights", [])
    shape = tuple(leaf.output.shape[1:])
    kernels = [weight for weight in weights if len(weight.shape) > 1] if type(leaf).__name__ in MULTIPLYING else []
    fine = _CONVNEXT.match(leaf.name)
    return Layer(
        name=name,
        kind=type(leaf).__name__,
        block=block,
        part=fine[1] if fine else f"{block}_entry" if "_downsampling_" in name else block,
        holder=holder,
        sources=sources,
        shape=shape,
        params=sum(math.prod(weight.shape) for weight in weights),
        trainable_params=sum(math.prod(weight.shape) for weight in getattr(leaf, "trainable_weights", [])),
        # Every number of a kernel is used once for each place of the output; dense layers have places too (ConvNeXt).
        macs=sum(math.prod(kernel.shape) for kernel in kernels) * math.prod(shape[:-1]),
        receptive=receptive,
        window=_window(leaf),
        stride=_strides(leaf)[0],
        groups=getattr(leaf, "groups", 1),
        function=_function(leaf),
    )


def _numbered(found: Sequence[Layer]) -> tuple[Layer, ...]:
    """With Keras's own numbers as they are in a fresh process: they count on with every network that is built."""
    by_kind: dict[str, list[tuple[int, str]]] = {}
    for layer in found:
        match = re.fullmatch(r"(.+?)(?:_(\d+))?", layer.name)
        if match[1] == _snake(layer.kind):
            by_kind.setdefault(match[1], []).append((int(match[2] or 0), layer.name))
    new = {
        name: kind if place == 0 else f"{kind}_{place}"
        for kind, names in by_kind.items()
        for place, (_, name) in enumerate(sorted(names))
    }
    return tuple(
        replace(
            layer,
            name=new.get(layer.name, layer.name),
            holder=new.get(layer.holder, layer.holder),
            sources=tuple(new.get(name, name) for name in layer.sources),
        )
        for layer in found
    )


def _leaves(operation: Any) -> list:
    """A layer, or those that it nests, one after the other."""
    from keras import Model

    if not isinstance(operation, Model):
        return [operation]
    return [leaf for layer in operation.layers for leaf in _leaves(layer)]


def _window(leaf: Any) -> tuple[int, int]:
    found = getattr(leaf, "kernel_size", None) or getattr(leaf, "pool_size", None)
    return tuple(found) if found else (0, 0)


def _strides(leaf: Any) -> tuple[int, int]:
    return tuple(getattr(leaf, "strides", None) or (1, 1)) if _window(leaf) != (0, 0) else (1, 1)


def _function(leaf: Any) -> str:
    """relu, swish, gelu and the like: of an activation, or inside a convolution."""
    kind = type(leaf).__name__
    if kind == "ReLU":
        return "relu6" if leaf.max_value == 6 else "relu"
    name = getattr(getattr(leaf, "activation", None), "__name__", "")
    return "" if name == "linear" else name


def _snake(kind: str) -> str:
    """SeparableConv2D -> separable_conv2d, as Keras names what has no name."""
    spaced = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", kind)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", spaced).lower()
