"""A vision transformer's weights, tensor by tensor, from a folder of Hugging Face or of KerasHub.

A folder of another model, a truncated file, and extra or missing tensors are reported in one sentence.
"""

import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from core.backbones.catalog import Backbone
from core.backbones.checkpoints import KERAS, description, kerashub_model, same, weights_file
from core.backbones.hub.networks import SHAPES, ViT
from core.backbones.tensors import Tensors
from core.errors import WeightsError


class Family(NamedTuple):
    """How the published weights of a family are named."""

    model_type: str  # in config.json
    kerashub: str  # class
    layers: dict[str, str]  # end of a layer's name in a block -> that in the file


_VIT = {
    "norm1": "layernorm_before",
    "attention": "attention",
    "norm2": "layernorm_after",
    "dense1": "intermediate.dense",
    "dense2": "output.dense",
}
_DINO = {
    "norm1": "norm1",
    "attention": "attention",
    "attention_scale": "layer_scale1",
    "norm2": "norm2",
    "dense1": "mlp.fc1",
    "dense2": "mlp.fc2",
    "dense_scale": "layer_scale2",
}
FAMILIES = {
    "ViT": Family("vit", "ViTBackbone", _VIT),
    "DeiT": Family("deit", "DeiTBackbone", _VIT),
    "DINOv2": Family("dinov2", "DINOV2Backbone", _DINO),
}
_UNUSED = re.compile(r"pooler\.|(cls_|distillation_)?classifier\.|embeddings\.mask_token$")  # heads, masks of training
_GELU = {"hidden_act": ("gelu", "gelu")}
_PATCHES = "embeddings.patch_embeddings.projection"
TOKENS = ("embeddings.cls_token", "embeddings.distillation_token")
_POSITIONS = "embeddings.position_embeddings"
_KERAS_TOKENS = ("class_token", "cls_token", "distillation_token")  # names of KerasHub's variables, one or two of each
_KERAS_POSITIONS = ("embeddings", "position_embedding", "position_embeddings")


def read(path: Path, network: Any, facts: Backbone) -> None:
    """Load the weights of a network from `networks`.

    Raises:
        WeightsError: The folder is of another model, or damaged. The network may be partly assigned: discard it.
    """
    shape = SHAPES[facts.name]
    if weights_file(path, facts).name == KERAS:
        _read_keras(path, network, facts)
        return
    family = FAMILIES[facts.family]
    same(
        description(path, facts, family.model_type),
        {"num_attention_heads": (12, shape.heads), **_GELU},
        f"config.json in {path}",
        facts,
    )
    pairs = list(_pairs(network, family))
    wanted = {name: stored for _, name, stored in pairs} | _stem(shape)
    with Tensors(weights_file(path, facts), facts, wanted, unused=_unused, prefix=f"{family.model_type}.") as tensors:
        for variable, name, stored in pairs:
            value = tensors[name]
            variable.assign(value.T.reshape(variable.shape) if len(stored) > 1 else value.reshape(variable.shape))
        kernel, bias = tensors[f"{_PATCHES}.weight"].transpose(2, 3, 1, 0), tensors[f"{_PATCHES}.bias"]
        first = np.concatenate([tensors[name][0] for name in TOKENS[: shape.tokens]])
        _assign_stem(network, kernel, bias, first, tensors[_POSITIONS][0])


def _unused(name: str) -> bool:
    return bool(_UNUSED.match(name))


def _stem(shape: ViT) -> dict[str, tuple[int, ...]]:
    """The tensors before the blocks, name -> shape."""
    positions = (shape.pretrained_size // shape.patch) ** 2 + shape.tokens
    tokens = dict.fromkeys(TOKENS[: shape.tokens], (1, 1, shape.width))
    return tokens | {
        f"{_PATCHES}.weight": (shape.width, 3, shape.patch, shape.patch),
        f"{_PATCHES}.bias": (shape.width,),
        _POSITIONS: (1, positions, shape.width),
    }


def _pairs(network: Any, family: Family) -> Iterator[tuple[Any, str, tuple[int, ...]]]:
    """Variable of a block or of the last norm, name of its tensor, shape of that: outputs first, heads not split."""
    from keras.layers import MultiHeadAttention

    for layer in network.layers:
        if layer.name == "layer_norm":
            yield from _weight_and_bias(layer, "layernorm")
        match = re.match(r"transformer_block_(\d+)_(\w+)", layer.name)
        if not match or not layer.weights:
            continue
        name = f"encoder.layer.{match[1]}.{family.layers[match[2]]}"
        if isinstance(layer, MultiHeadAttention):
            parts = {"attention.query": layer.query_dense, "attention.key": layer.key_dense}
            parts |= {"attention.value": layer.value_dense, "output.dense": layer.output_dense}
            for part, dense in parts.items():
                yield from _weight_and_bias(dense, f"{name}.{part}")
        elif match[2].endswith("_scale"):
            yield layer.kernel, f"{name}.lambda1", (layer.kernel.shape[1],)
        else:
            yield from _weight_and_bias(layer, name)


def _weight_and_bias(layer: Any, name: str) -> Iterator[tuple[Any, str, tuple[int, ...]]]:
    """The two variables of a norm or a dense layer."""
    weight, bias = layer.weights
    width = math.prod(bias.shape)
    inputs = () if weight.name == "gamma" else (math.prod(weight.shape) // width,)
    yield weight, f"{name}.weight", (width, *inputs)
    yield bias, f"{name}.bias", (width,)


def _assign_stem(network: Any, kernel: Any, bias: Any, tokens: np.ndarray, positions: np.ndarray) -> None:
    """Set the layers before the blocks.

    Args:
        tokens: (t, width), those in front of the patches.
        positions: (t + patches, width), of the grid they were trained on.
    """
    patches, side = network.get_layer("stem_patches"), network.get_layer("stem_patches").output.shape[1]
    patches.kernel.assign(kernel)
    patches.bias.assign(bias)
    network.get_layer("stem_class_token").position_embeddings.assign(tokens)
    count = len(tokens)
    grid = resized(positions[count:], side)
    network.get_layer("stem_positions").position_embeddings.assign(np.concatenate([positions[:count], grid]))


def resized(positions: np.ndarray, side: int) -> np.ndarray:
    """Position embeddings (n * n, width) of a square grid for one of `side * side` patches, by cubic convolution.

    As PyTorch and hence the published code of DINOv2 does it, with a = -0.75 (Keys 1981 has -0.5, as does TensorFlow).
    """
    old = round(len(positions) ** 0.5)
    if old == side:
        return positions
    centres = (np.arange(side) + 0.5) * old / side - 0.5
    taps = np.floor(centres).astype(int)[:, None] + np.arange(-1, 3)
    distance = np.abs(centres[:, None] - taps)
    a = -0.75
    near = ((a + 2) * distance - (a + 3)) * distance**2 + 1
    far = a * (((distance - 5) * distance + 8) * distance - 4)
    mix = np.zeros((side, old))
    np.add.at(mix, (np.arange(side)[:, None], taps.clip(0, old - 1)), np.where(distance <= 1, near, far))
    grid = positions.reshape(old, old, -1)
    return np.einsum("yi,xj,ijc->yxc", mix, mix, grid).reshape(side * side, -1).astype(np.float32)


def _read_keras(path: Path, network: Any, facts: Backbone) -> None:
    """From a preset of KerasHub: its own model of it, and then layer by layer."""
    shape, model = SHAPES[facts.name], kerashub_model(path, FAMILIES[facts.family].kerashub, facts)
    received = (int(np.ravel(model.patch_size)[0]), model.num_layers, model.hidden_dim, model.num_heads)
    wanted = (shape.patch, shape.depth, shape.width, shape.heads)
    if received != wanted:
        raise WeightsError(
            f"{path} is not {facts.name}: its patch, blocks, width and heads are {received}",
            f"{wanted}",
            "Choose the folder of this model",
        )
    embedding, *rest = [layer for layer in model.layers if layer.weights]
    values = iter([variable for layer in rest for variable in layer.trainable_variables])
    for layer in network.layers:
        if not layer.name.startswith("stem_"):
            for variable in layer.weights:
                variable.assign(np.reshape(next(values), variable.shape))
    stem = {variable.name: np.asarray(variable) for variable in embedding.weights}
    tokens, positions = (
        np.concatenate([stem[name].reshape(-1, shape.width) for name in names if name in stem])
        for names in (_KERAS_TOKENS, _KERAS_POSITIONS)
    )
    _assign_stem(network, stem["kernel"], stem["bias"], tokens, positions)
