"""Depths of a network: the output of some of its blocks, pooled to vectors, all in one pass.

A depth is the output (b, h, w, c) of a block, averaged over its positions to (b, c), as Alain and Bengio probe them in
"Understanding intermediate layers using linear classifier probes" (2016, arXiv:1610.01644).
"""

import functools
import math
from dataclasses import dataclass
from typing import Any

from core import backbones
from core.backbones import blocks, graph
from core.backbones.clip.layers import class_token
from core.features import compiled

MIN_DEPTHS = 5
LONGEST = (6, 3)  # with more blocks of one resolution the middle one is a depth too; the second if depths are too few


@dataclass(frozen=True)
class Depth:
    """A block of a network whose output is read."""

    block: str  # as `blocks.of` names it
    place: int  # position among the blocks of the network, from 1
    size: int  # pixels of the feature map, square
    channels: int  # length of the pooled vector


@functools.lru_cache(maxsize=64)
def of(backbone: str, input_size: int = 0) -> tuple[Depth, ...]:
    """The depths of a backbone, first to last. Needs Keras, but no weights.

    Args:
        input_size: Pixels; 0 for the backbone's default.
    """
    entry = backbones.get(backbone)
    with compiled.building("float32"):
        return tuple(_choose(outputs(backbones.outline(entry, input_size=input_size or entry.default_size))))


def outputs(network: Any) -> dict[str, Any]:
    """Block name -> its output, a feature map (b, h, w, c) or tokens (b, t, c), symbolic, in order.

    Args:
        network: Flat and with a pooling, as `backbones.load` returns it.
    """
    block_of = {layer: block for block, layers in blocks.of(network).items() for layer in layers}
    order = {block: index for index, block in enumerate(dict.fromkeys(block_of.values()))}
    last, made_in = {}, {}  # the last tensor of each block; the block of each tensor
    for operation, inputs, results in graph.uses(network):
        block = block_of.get(operation.name)
        if block is None:  # a bare operation, such as ConvNeXt's +, belongs to the block of its latest input
            block = max((made_in[id(tensor)] for tensor in inputs), key=order.__getitem__)
        for tensor in results:
            made_in[id(tensor)] = block
            if len(tensor.shape) in (3, 4) and inputs:
                last[block] = tensor
    return {block: last[block] for block in order if block in last}


def cut(network: Any) -> tuple[Any, dict[str, tuple[int, int]]]:
    """A `keras.Model` from the network's images to all its depths, concatenated: (b, sum of channels) float32.

    Returns:
        The model, and block -> its first column and the one after its last.
    """
    import keras

    columns, end, pooled = {}, 0, []
    with compiled.building("float32"):
        for depth, tensor in tensors_of(network):
            columns[depth.block] = (end, end + depth.channels)
            end += depth.channels
            pooled.append(_pool(tensor)(tensor))
        return keras.Model(network.inputs[0], keras.layers.Concatenate()(pooled)), columns


def _pool(tensor: Any) -> Any:
    """The layer from a feature map or tokens to a vector: the class token, where there is one."""
    import keras

    if len(tensor.shape) == 4:
        return keras.layers.GlobalAveragePooling2D()
    patches_alone = _side(tensor) ** 2 == tensor.shape[1]
    return keras.layers.GlobalAveragePooling1D() if patches_alone else class_token()


def tensors_of(network: Any) -> list[tuple[Depth, Any]]:
    """The depths of a network, each with its output (b, h, w, c), symbolic."""
    tensors = outputs(network)
    return [(depth, tensors[depth.block]) for depth in _choose(tensors)]


def _choose(tensors: dict[str, Any]) -> list[Depth]:
    """The last block of each resolution, and the middle one of a resolution with many."""
    depths = [
        Depth(block, place, _side(tensor), tensor.shape[-1]) for place, (block, tensor) in enumerate(tensors.items(), 1)
    ]
    tokens = bool(depths) and len(tensors[depths[0].block].shape) == 3
    if tokens:  # the first class token has not seen the image
        depths = depths[1:]
    runs: list[list[Depth]] = []
    for depth in depths:
        if not runs or runs[-1][-1].size != depth.size:
            runs.append([])
        runs[-1].append(depth)
    if tokens or len(runs) == 1:  # a transformer has one resolution: evenly spaced, including the last
        return (
            depths
            if len(depths) <= MIN_DEPTHS
            else [depths[round(step * (len(depths) - 1) / MIN_DEPTHS)] for step in range(MIN_DEPTHS + 1)]
        )
    for longest in LONGEST:
        chosen = [
            depth for run in runs for depth in ([run[len(run) // 2 - 1]] if len(run) > longest else []) + [run[-1]]
        ]
        if len(chosen) >= MIN_DEPTHS:
            break
    return chosen


def _side(tensor: Any) -> int:
    """Side of a feature map, or of the square of patches, which may follow one or two tokens."""
    return tensor.shape[1] if len(tensor.shape) == 4 else math.isqrt(tensor.shape[1])
