"""A network's graph as plain values: for every layer its shape, parameters, arithmetic, and how far it sees.

MACs are multiply-accumulates for one image: convolutions, dense layers, and attention with its two products of tokens
by tokens; what norms, activations, poolings and sums take is small beside that and not counted.

The receptive field is the side of the square of input pixels that one output value can depend on, from windows and
strides alone (Araujo et al. 2019, Computing Receptive Fields of Convolutional Neural Networks,
https://doi.org/10.23915/distill.00021). It may be larger than the image. A gate of squeeze-and-excitation, which
multiplies by a mean over the whole image, is left out where it joins: else everything after it would see everything.
Attention lets every token ask all others: behind it the whole image is seen.

Layers of a CLIP that hold layers without being a network of their own are one row each, as Keras lists and freezes
them; what is inside is in `Layer.inside`.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from core.backbones import blocks, graph

MULTIPLYING = ("Conv2D", "DepthwiseConv2D", "SeparableConv2D", "Dense")
_CONVNEXT = re.compile(r"convnext_\w+?_(stage_\d_block_\d+)_")


@dataclass(frozen=True)
class Layer:
    """A layer of the graph, or a bare operation between layers, such as the sum of ConvNeXt's residual blocks."""

    name: str  # numbered as in a fresh process, where Keras numbers
    kind: str  # its class
    block: str  # as `blocks.of` has it
    part: str  # the block, or what of it is drawn alone: ConvNeXt's blocks are whole stages
    holder: str  # the entry of `network.layers` that is frozen with it: itself, or what nests it; "" of an operation
    sources: tuple[str, ...]  # names of those whose outputs it takes
    shape: tuple[int, ...]  # of what it gives for one image: height, width, channels; or tokens, width
    params: int
    trainable_params: int  # those that train when nothing is frozen
    macs: int  # for one image
    receptive: tuple[int, int] | None  # pixels, rows and columns; None: the whole image
    window: tuple[int, int]  # of a convolution or a pooling; (0, 0) of all others
    stride: int
    groups: int  # of a convolution, each sees its own channels only; of a depthwise one: channels; heads of attention
    function: str  # its activation, or ""
    inside: tuple["Layer", ...] = ()  # its own layers in order, the last under its own name; () where it has none
    hidden: int = 0  # numbers for one image that it computes on the way and does not give: queries, attention weights

    @property
    def weight_layer(self) -> bool:
        """Whether it has weights."""
        return self.params > 0

    @property
    def gives(self) -> int:
        """How many numbers it gives for one image."""
        return math.prod(self.shape)

    @property
    def activations(self) -> int:
        """How many numbers wait for the way back in training: what it gives, and what it computes inside."""
        return sum(step.activations for step in self.inside) or self.gives + self.hidden


def read(network: Any) -> tuple[Layer, ...]:
    """Every layer and bare operation of a network (as `backbones.outline` gives it), in the order of its graph."""
    import keras

    block_of = {name: block for block, names in blocks.of(network).items() for name in names}
    reach: dict[str, _Reach] = {}
    last: dict[str, str] = {}  # an operation of the graph -> the layer that gives its output, where it nests several
    found: list[Layer] = []
    for operation in network.operations:
        before = tuple(dict.fromkeys(last[source.name] for source in graph.sources(operation)))
        listed = isinstance(operation, keras.Layer)
        # A bare operation belongs where the last of its inputs does: a sum closes its block.
        closes = next((row for row in reversed(found) if row.name in before), None)
        block = block_of[operation.name] if listed else closes.block
        for leaf in graph.leaves(operation):
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
    kind = type(leaf).__name__
    if kind.startswith("Global") or kind in ("Flatten", "CLIPEncoderLayer"):
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
    row = Layer(
        name=name,
        kind=type(leaf).__name__,
        block=block,
        part=fine[1] if fine else f"{block}_entry" if "_downsampling_" in name else block,
        holder=holder,
        sources=sources,
        shape=shape,
        params=_count(weights),
        trainable_params=_count(getattr(leaf, "trainable_weights", [])),
        # Every number of a kernel is used once for each place of the output; dense layers have places too (ConvNeXt).
        macs=_count(kernels) * math.prod(shape[:-1]),
        receptive=receptive,
        window=_window(leaf),
        stride=_strides(leaf)[0],
        groups=getattr(leaf, "groups", 1),
        function=_function(leaf),
    )
    open_up = {"CLIPVisionEmbedding": _embedding, "CLIPEncoderLayer": _transformer_block}.get(row.kind)
    if open_up is None:
        return row
    inside = open_up(leaf, row)
    return replace(row, macs=sum(step.macs for step in inside), inside=inside)


def _embedding(leaf: Any, row: Layer) -> tuple[Layer, ...]:
    """A convolution that sees each patch once; the class token is put in front, and each token told its place."""
    tokens, width = row.shape
    side = math.isqrt(tokens - 1)
    own = _count(leaf.patch_embedding.weights)
    patches = replace(
        row, name=f"{row.name}/patch_embedding", kind="Conv2D", shape=(side, side, width), params=own,
        trainable_params=own, macs=own * side * side,
    )  # fmt: skip
    plain = replace(row, window=(0, 0), stride=1)
    joined = replace(
        plain, name=f"{row.name}/class_embedding", kind="ClassToken", sources=(patches.name,), params=width,
        trainable_params=width,
    )  # fmt: skip
    placed = replace(
        plain, kind="Positions", sources=(joined.name,), params=row.params - own - width,
        trainable_params=row.trainable_params - own - width,
    )  # fmt: skip
    return patches, joined, placed


def _transformer_block(leaf: Any, row: Layer) -> tuple[Layer, ...]:
    """y = x + attention(norm(x)), and y + dense(activation(dense(norm(y)))), with the numbers of each."""
    (tokens, width), heads = row.shape, leaf.attention.num_heads

    def step(part: str, sources: tuple[str, ...], kind: str = "", **facts) -> Layer:
        layer = getattr(leaf, part, None)
        weights = layer.weights if layer else []
        kernels = [weight for weight in weights if weight.name == "kernel"]
        facts = {"macs": tokens * _count(kernels)} | facts
        return replace(
            row, name=f"{row.name}/{part}", kind=kind or type(layer).__name__, sources=sources, params=_count(weights),
            trainable_params=_count(weights), **facts,
        )  # fmt: skip

    (source,) = row.sources
    first = step("layer_norm_1", (source,))
    # Each head weighs all tokens for each token: n x n products of a query with a key, then as many with the values.
    attention = step("attention", (first.name,))
    attention = replace(
        attention,
        macs=attention.macs + 2 * tokens * tokens * width,
        hidden=4 * tokens * width + 2 * heads * tokens * tokens,  # q, k, v, their mixture; weights, softmax of them
        groups=heads,
    )
    half = step("attention_sum", (source, attention.name), "Add")
    second = step("layer_norm_2", (half.name,))
    wide = step("dense_1", (second.name,), shape=(tokens, leaf.intermediate_dim))
    bent = step("activation", (wide.name,), shape=wide.shape, function=_function(leaf.activation))
    narrow = step("dense_2", (bent.name,))
    return (
        first, attention, half, second, wide, bent, narrow,
        replace(step("sum", (half.name, narrow.name), "Add"), name=row.name),
    )  # fmt: skip


def _count(weights: Sequence[Any]) -> int:
    return sum(math.prod(weight.shape) for weight in weights)


def _numbered(found: Sequence[Layer]) -> tuple[Layer, ...]:
    """With Keras's own numbers as they are in a fresh process: they count on with every network that is built."""
    by_kind: dict[str, list[tuple[int, str]]] = {}
    for layer in found:
        match = re.fullmatch(r"(.+?)(?:_(\d+))?", layer.name)
        if match[1] == graph.snake_case(layer.kind):
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


def _window(leaf: Any) -> tuple[int, int]:
    found = getattr(leaf, "kernel_size", None) or getattr(leaf, "pool_size", None)
    patch = getattr(leaf, "patch_size", 0)
    return tuple(found) if found else (patch, patch)


def _strides(leaf: Any) -> tuple[int, int]:
    if patch := getattr(leaf, "patch_size", 0):
        return patch, patch
    return tuple(getattr(leaf, "strides", None) or (1, 1)) if _window(leaf) != (0, 0) else (1, 1)


def _function(leaf: Any) -> str:
    """relu, swish, gelu and the like: of an activation, or inside a convolution."""
    kind = type(leaf).__name__
    if kind == "ReLU":
        return "relu6" if leaf.max_value == 6 else "relu"
    name = getattr(getattr(leaf, "activation", None), "__name__", "")
    return "" if name == "linear" else name
