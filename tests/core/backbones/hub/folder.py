"""Small vision transformers under the names of real ones, and folders of random tensors in Hugging Face's layout."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core import backbones
from core.backbones.hub.networks import SHAPES, Swin, ViT

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

SWIN = Swin(WIDTH, (2, 2), (2, 4), window=3)


def shrink(name: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Give a real model its small shape; returns the name."""
    spec = backbones.get(name)
    shape = SWIN if spec.family == "Swin" else SMALL[name]
    monkeypatch.setitem(SHAPES, name, shape)
    width = 2 * WIDTH if shape is SWIN else WIDTH
    spec = replace(spec, default_size=SIZE, min_size=8, max_size=None, patch=shape.patch, feature_dim=width, params=0)
    monkeypatch.setitem(backbones.BACKBONES, name, spec)
    return name


def written(folder: Path, name: str, *, prefix: str = "") -> dict[str, np.ndarray]:
    """Random tensors in Hugging Face's layout, with the heads and masks that only training uses."""
    from safetensors.numpy import save_file

    spec, rng = backbones.get(name), np.random.default_rng(7)
    shapes = _of_swin() if spec.family == "Swin" else _of_tokens(spec.family, SMALL[name])
    tensors = {key: rng.normal(0, 0.5, of).astype(np.float32) for key, of in shapes.items()}
    heads = {"classifier.weight": np.zeros((5, WIDTH), np.float32), "pooler.dense.bias": np.zeros(WIDTH, np.float32)}
    heads |= {f"{prefix}embeddings.mask_token": np.zeros((1, WIDTH), np.float32)}
    described = {"model_type": spec.family.lower(), "num_attention_heads": 3}
    if spec.family == "Swin":
        heads |= {f"{prefix}encoder.layers.0.blocks.0.attention.self.relative_position_index": np.zeros((9, 9), int)}
        described = {"model_type": "swin", "num_heads": list(SWIN.heads)}
    folder.mkdir(parents=True)
    save_file({prefix + key: value for key, value in tensors.items()} | heads, folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps(described))
    return tensors


def _of_swin() -> dict[str, tuple[int, ...]]:
    shapes = {"embeddings.patch_embeddings.projection.weight": (WIDTH, 3, 4, 4)}
    shapes |= {"embeddings.patch_embeddings.projection.bias": (WIDTH,)}
    shapes |= {"embeddings.norm.weight": (WIDTH,), "embeddings.norm.bias": (WIDTH,)}
    for stage, (depth, heads) in enumerate(zip(SWIN.depths, SWIN.heads, strict=True)):
        width = WIDTH * 2**stage
        for index in range(depth):
            block = f"encoder.layers.{stage}.blocks.{index}"
            dense = {f"attention.self.{part}": (width, width) for part in ("query", "key", "value")}
            dense |= {"attention.output.dense": (width, width)}
            dense |= {"intermediate.dense": (4 * width, width), "output.dense": (width, 4 * width)}
            for name, kernel in dense.items():
                shapes |= {f"{block}.{name}.weight": kernel, f"{block}.{name}.bias": kernel[:1]}
            for name in ("layernorm_before", "layernorm_after"):
                shapes |= {f"{block}.{name}.weight": (width,), f"{block}.{name}.bias": (width,)}
            shapes[f"{block}.attention.self.relative_position_bias_table"] = ((2 * SWIN.window - 1) ** 2, heads)
    merging = "encoder.layers.0.downsample"
    shapes |= {f"{merging}.norm.weight": (4 * WIDTH,), f"{merging}.norm.bias": (4 * WIDTH,)}
    return shapes | {
        f"{merging}.reduction.weight": (2 * WIDTH, 4 * WIDTH),
        "layernorm.weight": (2 * WIDTH,),
        "layernorm.bias": (2 * WIDTH,),
    }


def _of_tokens(family: str, shape: ViT) -> dict[str, tuple[int, ...]]:
    shapes = {
        "embeddings.cls_token": (1, 1, WIDTH),
        "embeddings.position_embeddings": (1, (shape.pretrained_size // 8) ** 2 + shape.tokens, WIDTH),
        "embeddings.patch_embeddings.projection.weight": (WIDTH, 3, 8, 8),
        "embeddings.patch_embeddings.projection.bias": (WIDTH,),
    }
    if shape.tokens == 2:
        shapes["embeddings.distillation_token"] = (1, 1, WIDTH)
    norm_1, norm_2, wide, narrow = NAMES[family]
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
    return shapes | {"layernorm.weight": (WIDTH,), "layernorm.bias": (WIDTH,)}
