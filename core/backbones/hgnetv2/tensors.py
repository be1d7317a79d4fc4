"""HGNetV2's weights, tensor by tensor, from a folder of timm at Hugging Face, or one of KerasHub."""

from pathlib import Path
from typing import Any

import numpy as np

from core.backbones.catalog import Backbone
from core.backbones.checkpoints import KERAS, description, kerashub_model, weights_file
from core.backbones.hgnetv2.shapes import SHAPES, Shape
from core.backbones.tensors import Tensors
from core.errors import WeightsError

NORM = {"gamma": "weight", "beta": "bias", "moving_mean": "running_mean", "moving_variance": "running_var"}


def read(path: Path, network: Any, spec: Backbone) -> None:
    """Load the weights of an HGNetV2.

    Raises:
        WeightsError: The folder is of another model, or damaged. The network may be partly assigned: discard it.
    """
    if weights_file(path, spec).name == KERAS:
        _read_keras(path, network, spec)
        return
    description(path, spec, spec.weights_file.partition(".")[0], key="architecture")
    variables = {_name(layer.name, variable.name): variable for layer in network.layers for variable in layer.weights}
    wanted = {name: _stored(variable.shape) for name, variable in variables.items()}
    with Tensors(weights_file(path, spec), spec, wanted, unused=_unused) as tensors:
        for name, variable in variables.items():
            value = tensors[name]
            variable.assign(value.transpose(2, 3, 1, 0).reshape(variable.shape) if value.ndim == 4 else value)


def _name(layer: str, variable: str) -> str:
    """The name of a tensor: stage_1_block_0_layers_2_conv -> stages.1.blocks.0.layers.2.conv.weight."""
    layer = layer.replace("_block_0_downsample", "_downsample").replace("stage_", "stages_")
    return f"{layer.replace('block_', 'blocks_').replace('_', '.')}.{NORM.get(variable, 'weight')}"


def _stored(shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape of a tensor in the file: outputs of a kernel first; each of a depthwise one has one input."""
    if len(shape) < 4:
        return tuple(shape)
    *sides, inputs, outputs = shape
    return (inputs, 1, *sides) if outputs == 1 else (outputs, inputs, *sides)


def _unused(name: str) -> bool:
    return name.startswith("head.") or name.endswith(".num_batches_tracked")


def _read_keras(path: Path, network: Any, spec: Backbone) -> None:
    """Copy the weights of a KerasHub preset, whose layers come in the same order."""
    model = kerashub_model(path, "HGNetV2Backbone", spec)
    stages = tuple((width, channels, depth) for _, width, channels, depth, *_ in model.stackwise_stage_filters)
    received, wanted = Shape(tuple(model.stem_channels[1:]), stages), SHAPES[spec.name]
    if received != wanted:
        raise WeightsError(
            f"{path} is not {spec.name}: its shape is {received}", f"{wanted}", "Choose the folder of this model"
        )
    variables = [variable for layer in network.layers for variable in layer.weights]
    for variable, value in zip(variables, model.weights, strict=True):
        variable.assign(np.reshape(value, variable.shape))
