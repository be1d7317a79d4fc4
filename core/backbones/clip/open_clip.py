"""Checkpoints as OpenCLIP writes them, under the names that Hugging Face gives the tensors.

OpenCLIP stores query, key and value as one tensor, and projections the other way round.
"""

import re
from collections.abc import Mapping
from typing import Any

from core.backbones.catalog import Backbone
from core.backbones.checkpoints import same
from core.backbones.clip.towers import Shape
from core.backbones.tensors import Part

_NAMES = {
    "visual.class_embedding": "vision_model.embeddings.class_embedding",
    "visual.conv1.weight": "vision_model.embeddings.patch_embedding.weight",
    "visual.positional_embedding": "vision_model.embeddings.position_embedding.weight",
    "token_embedding.weight": "text_model.embeddings.token_embedding.weight",
    "positional_embedding": "text_model.embeddings.position_embedding.weight",
}
_TURNED = {"visual.proj": "visual_projection.weight", "text_projection": "text_projection.weight"}
_LAYERS = {  # how a layer's name begins
    "visual.ln_pre": "vision_model.pre_layrnorm",
    "visual.ln_post": "vision_model.post_layernorm",
    "ln_final": "text_model.final_layer_norm",
}
_IN_BLOCK = {
    "ln_1": "layer_norm1",
    "ln_2": "layer_norm2",
    "attn.out_proj": "self_attn.out_proj",
    "mlp.c_fc": "mlp.fc1",
    "mlp.c_proj": "mlp.fc2",
}
_BLOCK = re.compile(r"(visual\.)?transformer\.resblocks\.(\d+)\.(.+?)[._](weight|bias)$")


def check(config: Mapping[str, Any], shape: Shape, where: str, spec: Backbone) -> None:
    """Check what the shapes of tensors do not show: activation and number of heads.

    Raises:
        WeightsError: They are other ones, or it describes another kind of model.
    """
    model = config.get("model_cfg") or {}
    image, text = model.get("vision_cfg") or {}, model.get("text_cfg") or {}
    same(model, {"quick_gelu": (False, shape.activation == "quick_gelu")}, f"model_cfg in {where}", spec)
    heads = {"head_width": (64, shape.image.width // shape.image.heads)}
    same(image, heads, f"vision_cfg in {where}", spec)
    same(text, {"heads": (8, shape.text.heads)}, f"text_cfg in {where}", spec)


def parts(stored: str) -> dict[str, Part]:
    """Hugging Face's names of what a tensor of the file holds."""
    if stored in _NAMES:
        return {_NAMES[stored]: Part(stored)}
    if stored in _TURNED:
        return {_TURNED[stored]: Part(stored, turned=True)}
    layer, _, kind = stored.rpartition(".")
    if layer in _LAYERS:
        return {f"{_LAYERS[layer]}.{kind}": Part(stored)}
    block = _BLOCK.match(stored)
    if not block:
        return {stored: Part(stored)}
    visual, number, layer, kind = block.groups()
    name = f"{'vision' if visual else 'text'}_model.encoder.layers.{number}"
    if layer == "attn.in_proj":
        return {f"{name}.self_attn.{each}_proj.{kind}": Part(stored, third=i) for i, each in enumerate("qkv")}
    return {f"{name}.{_IN_BLOCK.get(layer, layer)}.{kind}": Part(stored)}
