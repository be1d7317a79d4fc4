"""A vision transformer's weights, tensor by tensor, from a folder of Hugging Face or of KerasHub.

A folder of another model, a truncated file, and extra or missing tensors are reported in one sentence.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from core.backbones.catalog import Backbone
from core.backbones.checkpoints import KERAS, description, kerashub_model, same, weights_file
from core.backbones.hub.networks import SHAPES, Swin, ViT
from core.backbones.tensors import Tensors
from core.errors import WeightsError


class Family(NamedTuple):
    """How the published weights of a family are named."""

    model_type: str  # in config.json
    kerashub: str  # class
    layers: dict[str, str]  # end of a layer's name in a block -> that in the file
    heads: tuple[str, Any] = ("num_attention_heads", 12)  # in config.json, with the default that it leaves out


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
_SWIN = _VIT | {"merge_norm": "norm", "merge_dense": "reduction"}
FAMILIES = {
    "ViT": Family("vit", "ViTBackbone", _VIT),
    "DeiT": Family("deit", "DeiTBackbone", _VIT),
    "DINOv2": Family("dinov2", "DINOV2Backbone", _DINO),
    "Swin": Family("swin", "SwinTransformerBackbone", _SWIN, ("num_heads", [3, 6, 12, 24])),
}
_BLOCK = re.compile(r"(?:transformer_block_(\d+)|stage_(\d+)_block_(\d+))_(\w+)")
_OUTSIDE = {"stem_norm": "embeddings.norm", "layer_norm": "layernorm"}
_UNUSED = re.compile(  # heads, masks of training, positions that follow from the size of a window
    r"pooler\.|(cls_|distillation_)?classifier\.|embeddings\.mask_token$|.*\.relative_position_index$"
)
_GELU = {"hidden_act": ("gelu", "gelu")}
_PATCHES = "embeddings.patch_embeddings.projection"
TOKENS = ("embeddings.cls_token", "embeddings.distillation_token")
_POSITIONS = "embeddings.position_embeddings"
_KERAS_TOKENS = ("class_token", "cls_token", "distillation_token")  # names of KerasHub's variables, one or two of each
_KERAS_POSITIONS = ("embeddings", "position_embedding", "position_embeddings")


def read(path: Path, network: Any, spec: Backbone) -> None:
    """Load the weights of a network from `networks`.

    Raises:
        WeightsError: The folder is of another model, or damaged. The network may be partly assigned: discard it.
    """
    shape = SHAPES[spec.name]
    if weights_file(path, spec).name == KERAS:
        _read_keras(path, network, spec)
        return
    family = FAMILIES[spec.family]
    heads, default = family.heads
    same(
        description(path, spec, family.model_type),
        {heads: (default, list(shape.heads) if isinstance(shape, Swin) else shape.heads), **_GELU},
        f"config.json in {path}",
        spec,
    )
    pairs = list(_pairs(network, family))
    wanted = {name: stored for _, names, stored in pairs for name in names} | _stem(shape)
    with Tensors(weights_file(path, spec), spec, wanted, unused=_unused, prefix=f"{family.model_type}.") as tensors:
        for variable, names, _ in pairs:
            value = np.concatenate([tensors[name] for name in names])
            variable.assign((value.T if names[0].endswith(".weight") else value).reshape(variable.shape))
        kernel, bias = tensors[f"{_PATCHES}.weight"].transpose(2, 3, 1, 0), tensors[f"{_PATCHES}.bias"]
        network.get_layer("stem_patches").set_weights([kernel, bias])
        if isinstance(shape, ViT):
            first = np.concatenate([tensors[name][0] for name in TOKENS[: shape.tokens]])
            _assign_tokens(network, first, tensors[_POSITIONS][0])


def _unused(name: str) -> bool:
    return bool(_UNUSED.match(name))


def _stem(shape: ViT | Swin) -> dict[str, tuple[int, ...]]:
    """The tensors of patches, tokens and positions, name -> shape."""
    patches = {f"{_PATCHES}.weight": (shape.width, 3, shape.patch, shape.patch), f"{_PATCHES}.bias": (shape.width,)}
    if isinstance(shape, Swin):
        return patches
    positions = (shape.pretrained_size // shape.patch) ** 2 + shape.tokens
    tokens = dict.fromkeys(TOKENS[: shape.tokens], (1, 1, shape.width))
    return patches | tokens | {_POSITIONS: (1, positions, shape.width)}


def _name(layer: str, family: Family) -> str:
    """What the names of a layer's tensors begin with, for a layer of a block or a norm; "" for another."""
    match = _BLOCK.match(layer)
    if not match:
        return _OUTSIDE.get(layer, "")
    index, stage, block, part = match.groups()
    if part.startswith("merge_"):  # before a stage; in the file, after the one before
        block = f"layers.{int(stage) - 1}.downsample"
    else:
        block = f"layer.{index}" if index else f"layers.{stage}.blocks.{block}"
    return f"encoder.{block}.{family.layers[part]}"


def _pairs(network: Any, family: Family) -> Iterator[tuple[Any, tuple[str, ...], tuple[int, ...]]]:
    """Variable of a block or a norm, names of its tensors, shape of each: outputs first, heads not split."""
    from keras.layers import MultiHeadAttention

    from core.backbones.hub.swin import WindowAttention

    for layer in network.layers:
        name = _name(layer.name, family) if layer.weights else ""
        if not name:
            continue
        if isinstance(layer, WindowAttention):
            yield from weight_and_bias(layer.qkv_dense, *(f"{name}.self.{part}" for part in ("query", "key", "value")))
            yield from weight_and_bias(layer.output_dense, f"{name}.output.dense")
            yield layer.bias, (f"{name}.self.relative_position_bias_table",), tuple(layer.bias.shape)
        elif isinstance(layer, MultiHeadAttention):
            parts = {"attention.query": layer.query_dense, "attention.key": layer.key_dense}
            parts |= {"attention.value": layer.value_dense, "output.dense": layer.output_dense}
            for part, dense in parts.items():
                yield from weight_and_bias(dense, f"{name}.{part}")
        elif layer.name.endswith("_scale"):
            yield layer.kernel, (f"{name}.lambda1",), (layer.kernel.shape[1],)
        else:
            yield from weight_and_bias(layer, name)


def weight_and_bias(layer: Any, *names: str) -> Iterator[tuple[Any, tuple[str, ...], tuple[int, ...]]]:
    """The variables of a norm or a dense layer, which the file may hold as several."""
    weight, *biases = layer.weights
    outputs = math.prod(biases[0].shape) if biases else weight.shape[-1]
    inputs = () if weight.name == "gamma" else (math.prod(weight.shape) // outputs,)
    yield weight, tuple(f"{name}.weight" for name in names), (outputs // len(names), *inputs)
    for bias in biases:
        yield bias, tuple(f"{name}.bias" for name in names), (outputs // len(names),)


def _assign_tokens(network: Any, tokens: np.ndarray, positions: np.ndarray) -> None:
    """Set what is put in front of the patches, and the positions.

    Args:
        tokens: (t, width), those in front of the patches.
        positions: (t + patches, width), of the grid they were trained on.
    """
    network.get_layer("stem_class_token").position_embeddings.assign(tokens)
    count = len(tokens)
    grid = resized(positions[count:], network.get_layer("stem_patches").output.shape[1])
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


def _read_keras(path: Path, network: Any, spec: Backbone) -> None:
    """Load a KerasHub preset as its own model, and copy the weights layer by layer."""
    shape, model = SHAPES[spec.name], kerashub_model(path, FAMILIES[spec.family].kerashub, spec)
    if isinstance(shape, Swin):
        received = Swin(
            model.embed_dim, tuple(model.depths), tuple(model.num_heads), model.patch_size, model.window_size
        )
        _check_shape(received, shape, path, spec)
        for name, layer in _swin_layers(model):
            network.get_layer(name).set_weights(layer.get_weights())
        return
    received = replace(
        shape,
        patch=int(np.ravel(model.patch_size)[0]),
        depth=model.num_layers,
        width=model.hidden_dim,
        heads=model.num_heads,
    )
    _check_shape(received, shape, path, spec)
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
    network.get_layer("stem_patches").set_weights([stem["kernel"], stem["bias"]])
    _assign_tokens(network, tokens, positions)


def _check_shape(received: ViT | Swin, wanted: ViT | Swin, path: Path, spec: Backbone) -> None:
    if received != wanted:
        raise WeightsError(
            f"{path} is not {spec.name}: its shape is {received}", f"{wanted}", "Choose the folder of this model"
        )


def _swin_layers(model: Any) -> Iterator[tuple[str, Any]]:
    """Names of layers of `swin` and the layers of KerasHub's model that hold the same weights."""
    yield "stem_patches", model.patch_embedding.proj
    yield "stem_norm", model.patch_embedding.norm
    for index, stage in enumerate(model.stages):
        for number, block in enumerate(stage.blocks):
            parts = {"norm1": block.norm1, "attention": block.attn, "norm2": block.norm2}
            parts |= {"dense1": block.mlp.fc1, "dense2": block.mlp.fc2}
            yield from ((f"stage_{index}_block_{number}_{part}", layer) for part, layer in parts.items())
        if stage.downsample is not None:
            yield f"stage_{index + 1}_block_0_merge_norm", stage.downsample.norm
            yield f"stage_{index + 1}_block_0_merge_dense", stage.downsample.reduction
    yield "layer_norm", model.norm
