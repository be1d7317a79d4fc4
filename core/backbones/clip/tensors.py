"""CLIP's weights, tensor by tensor: from a checkpoint into the two towers, and back to their published names.

A folder of another model, a truncated file, and extra or missing tensors are reported in one sentence.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from core.backbones.catalog import Backbone
from core.backbones.checkpoints import (
    KERAS,
    OPEN_CLIP,
    description,
    file,
    kerashub_model,
    read_config,
    same,
    weights_file,
)
from core.backbones.clip import open_clip
from core.backbones.clip.layers import attention_projections
from core.backbones.clip.towers import SHAPES, Shape, Tower
from core.backbones.tensors import Renamed, Tensors
from core.errors import WeightsError

_UNUSED = {  # positions of tokens and patches, 0, 1, 2, ...: older files store them as a tensor
    "text_model.embeddings.position_ids",
    "vision_model.embeddings.position_ids",
}
_PROJECTIONS = {"image": "visual_projection.weight", "text": "text_projection.weight"}
_SCALE = "logit_scale"
_OLD_END = 2  # eos_token_id in descriptions whose end token is nevertheless the one with the largest id


def read(folder: Path, network: Any, spec: Backbone, tower: str) -> None:
    """Load the weights of one tower, as built by `towers`.

    Args:
        tower: "image" or "text".

    Raises:
        WeightsError: The folder is of another model, or damaged. The network may be partly assigned: discard it.
    """
    if weights_file(folder, spec).name == KERAS:
        _read_keras(folder, network, spec, tower)
        return
    with _tensors(folder, spec) as tensors:
        for variable, name, axes in _pairs(network, getattr(SHAPES[spec.name], tower), tower):
            variable.assign(tensors[name].transpose(axes).reshape(variable.shape))


def logit_scale(folder: Path, spec: Backbone) -> float:
    """The factor on similarities before the softmax; checkpoints store its logarithm.

    Raises:
        WeightsError: The folder is of another model, or damaged.
    """
    if weights_file(folder, spec).name == KERAS:
        return float(np.exp(np.asarray(_keras_model(folder, spec).clip_head.logit_scale)))
    with _tensors(folder, spec) as tensors:
        return float(np.exp(tensors[_SCALE]).item())


def expected(shape: Shape, size: int) -> dict[str, tuple[int, ...]]:
    """Every tensor of a Hugging Face file, name -> shape, for images of `size` pixels."""
    positions = (size // shape.patch) ** 2 + 1
    image, text = shape.image, shape.text
    shapes = {
        "vision_model.embeddings.class_embedding": (image.width,),
        "vision_model.embeddings.patch_embedding.weight": (image.width, 3, shape.patch, shape.patch),
        "vision_model.embeddings.position_embedding.weight": (positions, image.width),
        "text_model.embeddings.token_embedding.weight": (shape.vocabulary, text.width),
        "text_model.embeddings.position_embedding.weight": (shape.context, text.width),
        _PROJECTIONS["image"]: (shape.dim, image.width),
        _PROJECTIONS["text"]: (shape.dim, text.width),
        _SCALE: (),
    }
    norms = {
        "vision_model.pre_layrnorm": image,
        "vision_model.post_layernorm": image,
        "text_model.final_layer_norm": text,
    }
    for name, tower in norms.items():
        shapes |= {f"{name}.weight": (tower.width,), f"{name}.bias": (tower.width,)}
    for model, tower in (("vision_model", image), ("text_model", text)):
        for index in range(tower.depth):
            shapes |= {f"{model}.encoder.layers.{index}.{name}": of for name, of in _block(tower).items()}
    return shapes


def stored(network: Any, spec: Backbone, tower: str) -> dict[str, np.ndarray]:
    """The tensors of one tower, under their names in a Hugging Face file: the inverse of `read`."""
    shape = SHAPES[spec.name]
    shapes, tensors = expected(shape, spec.default_size), {}
    for variable, name, axes in _pairs(network, getattr(shape, tower), tower):
        value = np.asarray(variable).reshape([shapes[name][axis] for axis in axes])
        tensors[name] = value.transpose(np.argsort(axes, kind="stable"))
    return tensors


def _tensors(folder: Path, spec: Backbone) -> Tensors:
    path, shape = weights_file(folder, spec), SHAPES[spec.name]
    wanted = expected(shape, spec.default_size)
    if not path.name.startswith("open_clip_"):
        _check_config(folder, spec)
        return Tensors(path, spec, wanted, unused=_UNUSED.__contains__)
    described = file(folder, OPEN_CLIP)
    open_clip.check(read_config(described, spec), shape, str(described), spec)
    return Tensors(path, spec, wanted, unused=_UNUSED.__contains__, view=lambda file: Renamed(file, open_clip.parts))


def _check_config(folder: Path, spec: Backbone) -> None:
    """Check what the shapes of tensors do not show: activation, number of heads, and where a text is read."""
    config, shape = description(folder, spec, "clip"), SHAPES[spec.name]
    for part, tower, heads in (("vision_config", shape.image, 12), ("text_config", shape.text, 8)):
        wanted = {"hidden_act": ("quick_gelu", shape.activation), "num_attention_heads": (heads, tower.heads)}
        same(config.get(part) or {}, wanted, f"{part} in {file(folder, 'config.json')}", spec)
    largest = shape.vocabulary - 1
    end = (config.get("text_config") or {}).get("eos_token_id", largest)
    if end not in (_OLD_END, largest):
        raise WeightsError(
            f"text_config in {file(folder, 'config.json')} gives eos_token_id {end}",
            f"{largest}, the largest id, at which {spec.name} reads a text, or {_OLD_END}, which stood for it earlier",
            "Choose the folder of this model",
        )


def _block(tower: Tower) -> dict[str, tuple[int, ...]]:
    width, hidden = tower.width, tower.hidden
    dense = {f"self_attn.{part}_proj": (width, width) for part in ("q", "k", "v", "out")}
    dense |= {"mlp.fc1": (hidden, width), "mlp.fc2": (width, hidden)}
    shapes: dict[str, tuple[int, ...]] = {}
    for name, (outputs, inputs) in dense.items():
        shapes |= {f"{name}.weight": (outputs, inputs), f"{name}.bias": (outputs,)}
    for norm in ("layer_norm1", "layer_norm2"):
        shapes |= {f"{norm}.weight": (width,), f"{norm}.bias": (width,)}
    return shapes


_SAME, _VECTOR, _DENSE, _PATCHES = (0, 1), (0,), (1, 0), (2, 3, 1, 0)  # axes of a stored tensor, in Keras's order


def _pairs(network: Any, shape: Tower, tower: str) -> Iterator[tuple[Any, str, tuple[int, ...]]]:
    """Variable of the tower, name of its tensor, how the tensor's axes turn; heads are a reshape on top."""
    model = {"image": "vision_model", "text": "text_model"}[tower]
    embedding, names = network.get_layer("embedding"), f"{model}.embeddings"
    if tower == "image":
        yield embedding.class_embedding, f"{names}.class_embedding", _VECTOR
        yield embedding.patch_embedding.kernel, f"{names}.patch_embedding.weight", _PATCHES
        yield embedding.position_embedding.embeddings, f"{names}.position_embedding.weight", _SAME
        yield from _norm(network.get_layer("pre_layer_norm"), f"{model}.pre_layrnorm")
    else:
        yield embedding.token_embedding.embeddings, f"{names}.token_embedding.weight", _SAME
        yield embedding.position_embedding.position_embeddings, f"{names}.position_embedding.weight", _SAME
    for index in range(shape.depth):
        block, name = network.get_layer(f"encoder_block_{index}"), f"{model}.encoder.layers.{index}"
        yield from _norm(block.layer_norm_1, f"{name}.layer_norm1")
        projections = zip(("q", "k", "v", "out"), attention_projections(block.attention), strict=True)
        for part, projection in projections:
            yield from _dense(projection, f"{name}.self_attn.{part}_proj")
        yield from _norm(block.layer_norm_2, f"{name}.layer_norm2")
        yield from _dense(block.dense_1, f"{name}.mlp.fc1")
        yield from _dense(block.dense_2, f"{name}.mlp.fc2")
    last = {"image": "post_layernorm", "text": "final_layer_norm"}[tower]
    yield from _norm(network.get_layer("layer_norm"), f"{model}.{last}")
    if any(layer.name == "projection" for layer in network.layers):
        yield network.get_layer("projection").kernel, _PROJECTIONS[tower], _DENSE


def _norm(layer: Any, name: str) -> Iterator[tuple[Any, str, tuple[int, ...]]]:
    yield layer.gamma, f"{name}.weight", _VECTOR
    yield layer.beta, f"{name}.bias", _VECTOR


def _dense(layer: Any, name: str) -> Iterator[tuple[Any, str, tuple[int, ...]]]:
    yield layer.kernel, f"{name}.weight", _DENSE
    yield layer.bias, f"{name}.bias", _VECTOR


def _read_keras(folder: Path, network: Any, spec: Backbone, tower: str) -> None:
    whole = _keras_model(folder, spec)
    encoder = {"image": whole.vision_encoder, "text": whole.text_encoder}[tower]
    projection = {"image": whole.vision_projection, "text": whole.text_projection}[tower]
    # By order, since KerasHub prefixes layer names with the model's name.
    sources = [*(layer for layer in encoder.layers if layer.weights), projection]
    for layer, source in zip((layer for layer in network.layers if layer.weights), sources, strict=False):
        layer.set_weights(source.get_weights())


def _keras_model(folder: Path, spec: Backbone) -> Any:
    """KerasHub's own model of a preset folder, checked to be of the shape that `spec` names."""
    model = kerashub_model(folder, "CLIPBackbone", spec)
    shape, image, text = SHAPES[spec.name], model.vision_encoder, model.text_encoder
    towers = [Tower(one.num_layers, one.hidden_dim, one.num_heads, one.intermediate_dim) for one in (image, text)]
    received = Shape(
        image.patch_size,
        towers[0],
        towers[1],
        model.projection_dim,
        image.intermediate_activation,
        text.vocabulary_size,
        text.max_sequence_length,
    )
    if received != shape or image.image_shape[0] != spec.default_size:
        raise WeightsError(f"{folder} is not {spec.name}: {received}", f"{shape}", "Choose the folder of this model")
    return model
