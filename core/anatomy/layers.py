"""A network's graph as plain values: the shape, parameters, arithmetic and receptive field of every layer.

MACs are multiply-accumulates for one image: convolutions, dense layers, and attention with its two products of tokens
by tokens. Norms, activations, pooling and sums are negligible and not counted.

The receptive field is the side of the square of input pixels on which one output value can depend, from windows and
strides alone (Araujo et al. 2019, Computing Receptive Fields of Convolutional Neural Networks,
https://doi.org/10.23915/distill.00021). It may exceed the image. Squeeze-and-excitation gates, which multiply by a mean
over the whole image, are ignored; otherwise every later layer would see the whole image. After attention, in which
every token attends to all others, the receptive field is the whole image; attention within windows counts as a
convolution of that window.

CLIP layers that contain other layers without being a model are one row each, as Keras lists and freezes them; their
content is in `LayerInfo.inside`.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from core.backbones import blocks, graph

if TYPE_CHECKING:
    import keras

MULTIPLYING = ("Conv2D", "DepthwiseConv2D", "SeparableConv2D", "Dense")
_CONVNEXT = re.compile(r"convnext_\w+?_(stage_\d_block_\d+)_")


@dataclass(frozen=True)
class LayerInfo:
    """A layer of the graph, or a bare operation between layers, such as the sum in ConvNeXt's residual blocks."""

    name: str  # where Keras numbers names, numbered as in a fresh process
    kind: str  # its class
    block: str  # as in `blocks.of`
    part: str  # the unit in which it is drawn: its block, or part of it where blocks are whole stages (ConvNeXt)
    holder: str  # the entry of `network.layers` with which it is frozen: itself or its parent; "" for an operation
    sources: tuple[str, ...]  # names of the layers whose outputs it takes
    shape: tuple[int, ...]  # of its output for one image: height, width, channels; or tokens, width
    params: int
    trainable_params: int  # if nothing is frozen
    macs: int  # for one image
    receptive: tuple[int, int] | None  # pixels, rows and columns; None: the whole image
    window: tuple[int, int]  # of a convolution or pooling; (0, 0) otherwise
    stride: int
    groups: int  # of a convolution (depthwise: its channels); heads of attention
    function: str  # its activation, or ""
    inside: tuple["LayerInfo", ...] = ()  # nested layers in order, the last under its own name
    hidden: int = 0  # intermediate values per image that are not output: queries, attention weights

    @property
    def weight_layer(self) -> bool:
        """Whether it has weights."""
        return self.params > 0

    @property
    def outputs(self) -> int:
        """The number of values it outputs for one image."""
        return math.prod(self.shape)

    @property
    def activations(self) -> int:
        """The number of values kept for the backward pass: its outputs and intermediate values."""
        return sum(step.activations for step in self.inside) or self.outputs + self.hidden


def read(network: "keras.Model") -> tuple[LayerInfo, ...]:
    """Every layer and bare operation of a network (from `backbones.outline`), in the order of its graph."""
    import keras

    block_of = {name: block for block, names in blocks.of(network).items() for name in names}
    fields: dict[str, _ReceptiveField] = {}
    outputs: dict[str, str] = {}  # operation of the graph -> the layer that computes its output, if it nests several
    rows: list[LayerInfo] = []
    for operation in network.operations:
        sources = tuple(dict.fromkeys(outputs[source.name] for source in graph.sources(operation)))
        if isinstance(operation, keras.Layer):
            holder, block, part = operation.name, block_of[operation.name], ""
        else:  # a bare operation belongs to the block of its last input: a sum closes its block
            last = next(row for row in reversed(rows) if row.name in sources)
            holder, block, part = "", last.block, last.part
        for leaf in graph.leaves(operation):
            name = leaf.name if leaf is operation else f"{operation.name}/{leaf.name}"
            fields[name] = _receptive_field(leaf, [fields[source] for source in sources])
            row = _layer_info(leaf, name, block, holder, sources, fields[name].size)
            rows.append(replace(row, part=part) if part else row)
            sources = (name,)
        outputs[operation.name] = sources[0] if sources else operation.name
    return _numbered(rows)


@dataclass(frozen=True)
class _ReceptiveField:
    """The receptive field of an output, and the input pixels between two neighbouring outputs; rows and columns."""

    size: tuple[int, int] | None  # None: the whole image
    step: tuple[int, int]


def _receptive_field(leaf: Any, inputs: Sequence[_ReceptiveField]) -> _ReceptiveField:
    """The receptive field after a layer, from those of its inputs."""
    kind = type(leaf).__name__
    if kind.startswith("Global") or kind in ("Flatten", "CLIPEncoderLayer", "MultiHeadAttention"):
        return _ReceptiveField(None, (1, 1))
    if kind == "Add" and not all(field.size for field in inputs):  # attention and what it is added to
        return _ReceptiveField(None, (1, 1))
    sizes = [field.size for field in inputs if field.size]
    if not sizes:
        return _ReceptiveField(None if inputs else (1, 1), (1, 1))
    steps = [field.step for field in inputs if field.size]
    window, strides = _window(leaf), _strides(leaf)
    dilation = getattr(leaf, "dilation_rate", (1, 1)) if window != (0, 0) else (1, 1)

    def along(axis: int) -> tuple[int, int]:
        size, step = max(size[axis] for size in sizes), max(step[axis] for step in steps)
        return size + max(window[axis] - 1, 0) * dilation[axis] * step, step * strides[axis]

    (height, row_step), (width, column_step) = along(0), along(1)
    return _ReceptiveField((height, width), (row_step, column_step))


def _layer_info(
    leaf: Any, name: str, block: str, holder: str, sources: tuple[str, ...], receptive: tuple[int, int] | None
) -> LayerInfo:
    weights = getattr(leaf, "weights", [])
    shape = tuple(leaf.output.shape[1:])
    kernels = [weight for weight in weights if len(weight.shape) > 1] if type(leaf).__name__ in MULTIPLYING else []
    convnext = _CONVNEXT.match(leaf.name)
    row = LayerInfo(
        name=name,
        kind=type(leaf).__name__,
        block=block,
        part=convnext[1] if convnext else f"{block}_entry" if "_downsampling_" in name else block,
        holder=holder,
        sources=sources,
        shape=shape,
        params=_count(weights),
        trainable_params=_count(getattr(leaf, "trainable_weights", [])),
        # Every value of a kernel is used once per output position; dense layers have positions too (ConvNeXt).
        macs=_count(kernels) * math.prod(shape[:-1]),
        receptive=receptive,
        window=_window(leaf),
        stride=_strides(leaf)[0],
        groups=getattr(leaf, "groups", 1),
        function=_function(leaf),
    )
    if row.kind == "MultiHeadAttention":
        return _attention(row, weights, leaf.num_heads, keys=leaf.input[1].shape[1])
    if row.kind == "WindowAttention":
        return _window_attention(row, leaf)
    expand = {"CLIPVisionEmbedding": _embedding, "CLIPEncoderLayer": _transformer_block}.get(row.kind)
    if expand is None:
        return row
    inside = expand(leaf, row)
    return replace(row, macs=sum(step.macs for step in inside), inside=inside)


def _embedding(leaf: Any, row: LayerInfo) -> tuple[LayerInfo, ...]:
    """A convolution that sees each patch once; then the class token is prepended and positions are added."""
    tokens, width = row.shape
    side = math.isqrt(tokens - 1)
    params = _count(leaf.patch_embedding.weights)
    patches = replace(
        row,
        name=f"{row.name}/patch_embedding",
        kind="Conv2D",
        shape=(side, side, width),
        params=params,
        trainable_params=params,
        macs=params * side * side,
    )
    plain = replace(row, window=(0, 0), stride=1)
    class_token = replace(
        plain,
        name=f"{row.name}/class_embedding",
        kind="ClassToken",
        sources=(patches.name,),
        params=width,
        trainable_params=width,
    )
    positions = replace(
        plain,
        kind="Positions",
        sources=(class_token.name,),
        params=row.params - params - width,
        trainable_params=row.trainable_params - params - width,
    )
    return patches, class_token, positions


def _attention(row: LayerInfo, weights: Sequence[Any], heads: int, *, keys: int) -> LayerInfo:
    """Every query attends to all tokens: n x k products of queries and keys, then as many with the values.

    Args:
        keys: k, the number of tokens; n, that of queries, is the same but where one query pools all of them.
    """
    queries, width = row.shape
    kernel = _count([weight for weight in weights if weight.name == "kernel"]) // 4
    return replace(
        row,
        macs=2 * (queries + keys) * kernel + 2 * queries * keys * width,
        hidden=2 * (queries + keys) * width + 2 * heads * queries * keys,  # q, weighted values, k, v; scores, softmax
        groups=heads,
    )


def _window_attention(row: LayerInfo, leaf: Any) -> LayerInfo:
    """The same within each window: of the map filled up to whole windows, but for the last dense layer."""
    side, _, width = row.shape
    positions, tokens = leaf.padded**2, leaf.side**2
    return replace(
        row,
        macs=positions * width * (3 * width + 2 * tokens) + side**2 * width**2,
        hidden=4 * positions * width + 2 * leaf.heads * positions * tokens,
        groups=leaf.heads,
    )


def _transformer_block(leaf: Any, row: LayerInfo) -> tuple[LayerInfo, ...]:
    """The steps of y = x + attention(norm(x)) and y + dense(activation(dense(norm(y))))."""
    tokens, _ = row.shape

    def step(part: str, sources: tuple[str, ...], kind: str = "", **changes: Any) -> LayerInfo:
        layer = getattr(leaf, part, None)
        weights = layer.weights if layer else []
        kernels = [weight for weight in weights if weight.name == "kernel"]
        return replace(
            row,
            name=f"{row.name}/{part}",
            kind=kind or type(layer).__name__,
            sources=sources,
            params=_count(weights),
            trainable_params=_count(weights),
            **({"macs": tokens * _count(kernels)} | changes),
        )

    (source,) = row.sources
    first = step("layer_norm_1", (source,))
    attention = step("attention", (first.name,))
    attention = _attention(attention, leaf.attention.weights, leaf.attention.num_heads, keys=tokens)
    half = step("attention_sum", (source, attention.name), "Add")
    second = step("layer_norm_2", (half.name,))
    wide = step("dense_1", (second.name,), shape=(tokens, leaf.intermediate_dim))
    activated = step("activation", (wide.name,), shape=wide.shape, function=_function(leaf.activation))
    narrow = step("dense_2", (activated.name,))
    total = replace(step("sum", (half.name, narrow.name), "Add"), name=row.name)
    return first, attention, half, second, wide, activated, narrow, total


def _count(weights: Sequence[Any]) -> int:
    return sum(math.prod(weight.shape) for weight in weights)


def _numbered(rows: Sequence[LayerInfo]) -> tuple[LayerInfo, ...]:
    """The layers with automatic names renumbered as in a fresh process: Keras counts across all networks it builds."""
    by_kind: dict[str, list[tuple[int, str]]] = {}
    for layer in rows:
        stem = re.sub(r"_\d+$", "", layer.name)
        if stem == graph.snake_case(layer.kind):
            by_kind.setdefault(stem, []).append((int(layer.name[len(stem) + 1 :] or 0), layer.name))
    new = {
        name: kind if index == 0 else f"{kind}_{index}"
        for kind, names in by_kind.items()
        for index, (_, name) in enumerate(sorted(names))
    }
    return tuple(
        replace(
            layer,
            name=new.get(layer.name, layer.name),
            holder=new.get(layer.holder, layer.holder),
            sources=tuple(new.get(name, name) for name in layer.sources),
        )
        for layer in rows
    )


def _window(leaf: Any) -> tuple[int, int]:
    size = getattr(leaf, "kernel_size", None) or getattr(leaf, "pool_size", None)
    patch = getattr(leaf, "patch_size", 0) or getattr(leaf, "window", 0)
    return tuple(size) if size and len(size) == 2 else (patch, patch)  # a scale of tokens has a window of one


def _strides(leaf: Any) -> tuple[int, int]:
    if patch := getattr(leaf, "patch_size", 0):
        return patch, patch
    strides = getattr(leaf, "strides", None)
    return tuple(strides) if strides and _window(leaf) != (0, 0) else (1, 1)


def _function(leaf: Any) -> str:
    """The activation function (relu, swish, gelu, ...) of an activation layer or a convolution."""
    kind = type(leaf).__name__
    if kind == "ReLU":
        return "relu6" if leaf.max_value == 6 else "relu"
    name = getattr(getattr(leaf, "activation", None), "__name__", "")
    return "" if name == "linear" else name
