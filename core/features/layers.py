"""Depths of a network: what it knows after some of its blocks, pooled to a vector, all of them in one pass.

A depth is the feature map (b, h, w, c) that leaves a block, averaged over its places to (b, c), as Alain and Bengio
probe them in "Understanding intermediate layers using linear classifier probes" (2016, arXiv:1610.01644).
"""

import functools
import math
from dataclasses import dataclass
from typing import Any

from core import backbones
from core.backbones import blocks, graph
from core.backbones.clip.layers import class_token
from core.features import compiled

ENOUGH = 5  # depths
LONGEST = (6, 3)  # blocks of one resolution before the middle one is a depth too; the second where it is not enough


@dataclass(frozen=True)
class Depth:
    """A place in a network where its feature map is looked at."""

    block: str  # as `blocks.of` names it
    place: int  # which block of the network it is, from 1
    size: int  # pixels of the feature map, square
    channels: int  # length of the pooled vector


@functools.lru_cache(maxsize=64)
def of(backbone: str, input_size: int = 0) -> tuple[Depth, ...]:
    """The depths of a backbone, first to last. Needs Keras; no weights.

    Args:
        input_size: Pixels; 0 for the backbone's default.
    """
    facts = backbones.get(backbone)
    with compiled.building("float32"):
        return tuple(_choose(outputs(backbones.outline(facts, input_size=input_size or facts.default_size))))


def outputs(network: Any) -> dict[str, Any]:
    """Block name -> the feature map (b, h, w, c), or tokens (b, t, c), that leaves it, symbolic, in order.

    Args:
        network: Flat, ending in its pooling, as `backbones.load` gives it.
    """
    block_of = {layer: block for block, layers in blocks.of(network).items() for layer in layers}
    order = {block: place for place, block in enumerate(dict.fromkeys(block_of.values()))}
    found, made_in = {}, {}
    for operation, inputs, results in graph.uses(network):
        block = block_of.get(operation.name)
        if block is None:  # a bare operation, as ConvNeXt's +, closes the block that its inputs come from
            block = max((made_in[id(tensor)] for tensor in inputs), key=order.__getitem__)
        for tensor in results:
            made_in[id(tensor)] = block
            if len(tensor.shape) in (3, 4) and inputs:
                found[block] = tensor
    return {block: found[block] for block in order if block in found}


def cut(network: Any) -> tuple[Any, dict[str, tuple[int, int]]]:
    """A `keras.Model` from the network's images to its depths beside each other, (b, sum of channels) float32.

    Returns:
        The model, and block -> its first column and the one after its last.
    """
    import keras

    columns, end, pooled = {}, 0, []
    with compiled.building("float32"):
        for depth, tensor in looked_at(network):
            columns[depth.block] = (end, end + depth.channels)
            end += depth.channels
            pool = class_token() if len(tensor.shape) == 3 else keras.layers.GlobalAveragePooling2D()
            pooled.append(pool(tensor))
        return keras.Model(network.inputs[0], keras.layers.Concatenate()(pooled)), columns


def looked_at(network: Any) -> list[tuple[Depth, Any]]:
    """The depths of a network, each with its feature map (b, h, w, c), symbolic."""
    tensors = outputs(network)
    return [(depth, tensors[depth.block]) for depth in _choose(tensors)]


def _choose(tensors: dict[str, Any]) -> list[Depth]:
    """The last block of each resolution and, where there are many of one resolution, the middle one."""
    depths = [
        Depth(block, place, _side(tensor), tensor.shape[-1]) for place, (block, tensor) in enumerate(tensors.items(), 1)
    ]
    if depths and len(tensors[depths[0].block].shape) == 3:  # a class token meets the image in the first attention
        depths = depths[1:]
    runs: list[list[Depth]] = []
    for depth in depths:
        if not runs or runs[-1][-1].size != depth.size:
            runs.append([])
        runs[-1].append(depth)
    if len(runs) == 1:  # a transformer has one resolution: evenly spaced, the last one too
        return (
            depths
            if len(depths) <= ENOUGH
            else [depths[round(step * (len(depths) - 1) / ENOUGH)] for step in range(ENOUGH + 1)]
        )
    for longest in LONGEST:
        chosen = [
            depth for run in runs for depth in ([run[len(run) // 2 - 1]] if len(run) > longest else []) + [run[-1]]
        ]
        if len(chosen) >= ENOUGH:
            break
    return chosen


def _side(tensor: Any) -> int:
    """Pixels of a feature map, or of the square that the patches of an image make beside their class token."""
    return tensor.shape[1] if len(tensor.shape) == 4 else math.isqrt(tensor.shape[1] - 1)
