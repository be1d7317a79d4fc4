"""Small vision transformers under the names of real ones, and folders of random tensors in Hugging Face's layout."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core import backbones
from core.backbones.hub.networks import SHAPES, ViT

WIDTH, HIDDEN, SIZE = 12, 48, 24  # 3 x 3 patches of 8 pixels
NAMES = {  # of a layer in a file, in order: norm, output of attention, norm, two dense layers
    "ViT": ("layernorm_before", "layernorm_after", "intermediate.dense", "output.dense"),
    "DINOv2": ("norm1", "norm2", "mlp.fc1", "mlp.fc2"),
}
NAMES["DeiT"] = NAMES["ViT"]
SMALL = {
    "ViTB16": ViT(8, 2, WIDTH, 3, pretrained_size=SIZE),
    "DeiTTiny": ViT(8, 2, WIDTH, 3, tokens=2, pretrained_size=SIZE),
    "DINOv2Small": ViT(8, 2, WIDTH, 3, scaled=True, pretrained_size=40),
}


def shrink(name: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Give a real model its small shape; returns the name."""
    monkeypatch.setitem(SHAPES, name, SMALL[name])
    facts = replace(
        backbones.get(name), default_size=SIZE, min_size=8, max_size=None, patch=8, feature_dim=WIDTH, params=0
    )
    monkeypatch.setitem(backbones.BACKBONES, name, facts)
    return name


def written(folder: Path, name: str, *, prefix: str = "") -> dict[str, np.ndarray]:
    """Random tensors in Hugging Face's layout, with the heads and masks that only training uses."""
    from safetensors.numpy import save_file

    facts, shape, rng = backbones.get(name), SMALL[name], np.random.default_rng(7)
    shapes = {
        "embeddings.cls_token": (1, 1, WIDTH),
        "embeddings.position_embeddings": (1, (shape.pretrained_size // 8) ** 2 + shape.tokens, WIDTH),
        "embeddings.patch_embeddings.projection.weight": (WIDTH, 3, 8, 8),
        "embeddings.patch_embeddings.projection.bias": (WIDTH,),
    }
    if shape.tokens == 2:
        shapes["embeddings.distillation_token"] = (1, 1, WIDTH)
    norm_1, norm_2, wide, narrow = NAMES[facts.family]
    for index in range(shape.depth):
        block = f"encoder.layer.{index}"
        dense_layers = {f"attention.attention.{part}": (WIDTH, WIDTH) for part in ("query", "key", "value")}
        dense_layers |= {"attention.output.dense": (WIDTH, WIDTH), wide: (HIDDEN, WIDTH), narrow: (WIDTH, HIDDEN)}
        for layer, kernel in dense_layers.items():
            shapes |= {f"{block}.{layer}.weight": kernel, f"{block}.{layer}.bias": kernel[:1]}
        for layer in (norm_1, norm_2):
            shapes |= {f"{block}.{layer}.weight": (WIDTH,), f"{block}.{layer}.bias": (WIDTH,)}
        if shape.scaled:
            shapes |= {f"{block}.layer_scale{number}.lambda1": (WIDTH,) for number in (1, 2)}
    shapes |= {"layernorm.weight": (WIDTH,), "layernorm.bias": (WIDTH,)}
    tensors = {key: rng.normal(0, 0.5, of).astype(np.float32) for key, of in shapes.items()}
    heads = {"classifier.weight": np.zeros((5, WIDTH), np.float32), "pooler.dense.bias": np.zeros(WIDTH, np.float32)}
    heads |= {f"{prefix}embeddings.mask_token": np.zeros((1, WIDTH), np.float32)}
    folder.mkdir(parents=True)
    save_file({prefix + key: value for key, value in tensors.items()} | heads, folder / "model.safetensors")
    described = {"model_type": facts.family.lower(), "num_attention_heads": 3}
    (folder / "config.json").write_text(json.dumps(described))
    return tensors
