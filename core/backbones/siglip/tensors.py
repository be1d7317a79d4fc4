"""SigLIP 2's weights, tensor by tensor, from a folder of Hugging Face or of KerasHub into one of its towers.

A folder of another model, a truncated file, and extra or missing tensors are reported in one sentence.
"""

import math
import re
from collections.abc import Iterator
from operator import attrgetter
from pathlib import Path
from typing import Any

import numpy as np

from core.backbones.catalog import Backbone
from core.backbones.checkpoints import KERAS, file, kerashub_model, read_config, same, weights_file
from core.backbones.hub.tensors import resized, weight_and_bias
from core.backbones.siglip.towers import SHAPES, Shape
from core.backbones.tensors import Part, Renamed, Tensors
from core.errors import WeightsError

MODELS = {"image": "vision_model", "text": "text_model"}
IN_BLOCK = {  # end of a layer's name in a block -> that in the file
    "norm1": "layer_norm1",
    "attention": "self_attn",
    "norm2": "layer_norm2",
    "dense1": "mlp.fc1",
    "dense2": "mlp.fc2",
}
OUTSIDE = {  # any other layer -> its name in the file
    "image": {
        "stem_patches": "embeddings.patch_embedding",
        "stem_positions": "embeddings.position_embedding",
        "layer_norm": "post_layernorm",
        "attention_pool_query": "head.probe",
        "attention_pool_attention": "head.attention",
        "attention_pool_norm": "head.layernorm",
        "attention_pool_dense1": "head.mlp.fc1",
        "attention_pool_dense2": "head.mlp.fc2",
    },
    "text": {
        "stem_tokens": "embeddings.token_embedding",
        "stem_positions": "embeddings.position_embedding",
        "layer_norm": "final_layer_norm",
        "projection": "head",
    },
}
_BLOCK = re.compile(r"transformer_block_(\d+)_(\w+)")
_FUSED = re.compile(r"(.+)\.in_proj_(weight|bias)")  # query, key and value as one tensor
_UNREAD = {  # tensors of the other tower, the pooling where the mean of patches is taken, and what older files hold
    "image": re.compile(r"text_model\.|logit_|vision_model\.(head\.|embeddings\.position_ids$)"),
    "text": re.compile(r"vision_model\.|logit_|text_model\.embeddings\.position_ids$"),
}


def read(folder: Path, network: Any, spec: Backbone, tower: str) -> None:
    """Load the weights of one tower, as built by `towers`.

    Args:
        tower: "image" or "text".

    Raises:
        WeightsError: The folder is of another model, or damaged. The network may be partly assigned: discard it.
    """
    path, shape = weights_file(folder, spec), SHAPES[spec.name]
    if path.name == KERAS:
        _read_keras(folder, network, spec, tower)
        return
    _check_config(folder, spec)
    pairs = list(_pairs(network, shape, tower))
    wanted = {name: stored for _, (name,), stored in pairs}

    def unused(name: str) -> bool:
        return name not in wanted and bool(_UNREAD[tower].match(name))

    with Tensors(path, spec, wanted, unused=unused, view=lambda file: Renamed(file, _split)) as tensors:
        for variable, (name,), _ in pairs:
            variable.assign(_turned(name, tensors[name], variable).reshape(variable.shape))


def logits(folder: Path, spec: Backbone) -> tuple[float, float]:
    """The factor on cosine similarities, of which checkpoints store the logarithm, and what is added to them.

    Raises:
        WeightsError: The folder is of another model, or damaged.
    """
    path = weights_file(folder, spec)
    if path.name == KERAS:
        head = kerashub_model(folder, "SigLIPBackbone", spec).siglip_head
        return float(np.exp(np.asarray(head.logit_scale))), float(np.asarray(head.logit_bias))
    _check_config(folder, spec)
    wanted: dict[str, tuple[int, ...]] = {"logit_scale": (), "logit_bias": ()}
    with Tensors(path, spec, wanted, unused=lambda name: name not in wanted) as tensors:
        return float(np.exp(tensors["logit_scale"]).item()), float(tensors["logit_bias"].item())


def _check_config(folder: Path, spec: Backbone) -> None:
    """Check what the shapes of tensors do not show, and that the other tower is of the same model."""
    shape, where = SHAPES[spec.name], f"config.json in {folder}"
    config = read_config(file(folder, "config.json"), spec)
    if config.get("model_type") == "siglip2":
        raise WeightsError(
            f"{folder} is of a NaFlex variant of SigLIP 2, for images of any shape",
            "a variant of fixed resolution, which Hugging Face calls siglip",
            f"Choose the folder of {spec.repository}",
        )
    same(config, {"model_type": ("", "siglip")}, where, spec)
    tower = {"hidden_act": ("gelu_pytorch_tanh",) * 2, "num_attention_heads": (12, shape.heads)}
    same(config.get("vision_config") or {}, tower, f"vision_config of {where}", spec)
    text = tower | {"vocab_size": (32_000, shape.vocabulary)}  # that of SigLIP 1, which has the same image tower
    same(config.get("text_config") or {}, text, f"text_config of {where}", spec)


def _split(stored: str) -> dict[str, Part]:
    """The three parts of a fused tensor, under names like those of other attentions."""
    fused = _FUSED.match(stored)
    if not fused:
        return {stored: Part(stored)}
    return {f"{fused[1]}.{each}_proj.{fused[2]}": Part(stored, third=i) for i, each in enumerate("qkv")}


def _pairs(network: Any, shape: Shape, tower: str) -> Iterator[tuple[Any, tuple[str, ...], tuple[int, ...]]]:
    """Variable of the tower, name of its tensor, and the shape of that: outputs first, heads not split."""
    from keras.layers import MultiHeadAttention

    for layer in network.layers:
        if not layer.weights:
            continue
        block = _BLOCK.match(layer.name)
        part = f"encoder.layers.{block[1]}.{IN_BLOCK[block[2]]}" if block else OUTSIDE[tower][layer.name]
        name, first = f"{MODELS[tower]}.{part}", layer.weights[0]
        if isinstance(layer, MultiHeadAttention):
            denses = (layer.query_dense, layer.key_dense, layer.value_dense, layer.output_dense)
            for each, dense in zip(("q", "k", "v", "out"), denses, strict=True):
                yield from weight_and_bias(dense, f"{name}.{each}_proj")
        elif layer.name == "stem_patches":
            yield first, (f"{name}.weight",), (shape.width, 3, shape.patch, shape.patch)
            yield layer.weights[1], (f"{name}.bias",), (shape.width,)
        elif layer.name == "attention_pool_query":
            yield first, (name,), (1, *first.shape)
        elif layer.name == "stem_positions" and tower == "image":
            yield first, (f"{name}.weight",), ((shape.pretrained_size // shape.patch) ** 2, shape.width)
        elif layer.name in ("stem_positions", "stem_tokens"):
            yield first, (f"{name}.weight",), tuple(first.shape)
        else:
            yield from weight_and_bias(layer, name)


def _turned(name: str, value: np.ndarray, variable: Any) -> np.ndarray:
    """A tensor of the file with its axes in Keras's order; positions of another grid are resized."""
    if name.endswith("position_embedding.weight"):
        places = variable.shape[0]
        return value if len(value) == places else resized(value, math.isqrt(places))
    if value.ndim == 4:
        return value.transpose(2, 3, 1, 0)
    return value if name.endswith("token_embedding.weight") else value.T


def _read_keras(folder: Path, network: Any, spec: Backbone, tower: str) -> None:
    """Load a KerasHub preset as its own model, and copy the weights layer by layer."""
    model = kerashub_model(folder, "SigLIPBackbone", spec)
    image, text = model.vision_encoder, model.text_encoder
    sizes = (image.patch_size, image.num_layers, image.hidden_dim, image.num_heads)
    received = Shape(*sizes, text.vocabulary_size, text.max_sequence_length, image.image_shape[0])
    if received != SHAPES[spec.name]:
        raise WeightsError(
            f"{folder} is not {spec.name}: its shape is {received}",
            f"{SHAPES[spec.name]}",
            "Choose the folder of this model",
        )
    encoder = {"image": image, "text": text}[tower]
    for layer in network.layers:
        if not layer.weights:
            continue
        if block := _BLOCK.match(layer.name):
            source = attrgetter(IN_BLOCK[block[2]])(encoder.encoder_layers[int(block[1])])
        else:  # of other names than in the file
            name = OUTSIDE[tower][layer.name].replace("embeddings", "embedding").replace("layernorm", "layer_norm")
            source = attrgetter(name.replace("final_", "post_"))(encoder)
        for variable, value in zip(layer.weights, getattr(source, "weights", [source]), strict=True):
            value = np.asarray(value)
            if layer.name == "stem_positions":
                value = _turned("position_embedding.weight", value, variable)
            variable.assign(value.reshape(variable.shape))
