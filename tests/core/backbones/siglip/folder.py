"""A small SigLIP 2 under the name of the real one, and a folder of random tensors in Hugging Face's layout."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core import backbones
from core.backbones.siglip.towers import SHAPES, Shape

NAME = "SigLIP2B16"
WIDTH, SIZE = 12, 24  # 3 x 3 patches of 8 pixels
SMALL = Shape(8, 2, WIDTH, 3, vocabulary=40, context=32, pretrained_size=SIZE)


def shrink(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the real model a small shape."""
    monkeypatch.setitem(SHAPES, NAME, SMALL)
    spec = replace(backbones.get(NAME), default_size=SIZE, min_size=8, patch=8, feature_dim=WIDTH, params=0)
    monkeypatch.setitem(backbones.BACKBONES, NAME, spec)


def written(folder: Path) -> dict[str, np.ndarray]:
    """Random tensors of both towers."""
    from safetensors.numpy import save_file

    rng, tensors = np.random.default_rng(7), {}
    for name, shape in _shapes().items():
        tensors[name] = rng.normal(0, 0.5, shape).astype(np.float32)
    folder.mkdir(parents=True)
    save_file(tensors, folder / "model.safetensors")
    described = {"model_type": "siglip", "vision_config": {"num_attention_heads": 3}}
    described["text_config"] = {"num_attention_heads": 3, "vocab_size": SMALL.vocabulary}
    (folder / "config.json").write_text(json.dumps(described))
    return tensors


def vocabulary(folder: Path, length: int = 64) -> None:
    """A tokenizer.json like the published one, of letters and the word "cat"."""
    from tokenizers import Tokenizer, models, normalizers, processors

    words = ["<pad>", "<eos>", "<bos>", "<unk>", "\u2581", *"abcdefghijklmnopqrstuvwxyz.", "at", "cat"]
    model = models.BPE({word: index for index, word in enumerate(words)}, [("a", "t"), ("c", "at")], unk_token="<unk>")
    library = Tokenizer(model)
    library.normalizer = normalizers.Replace(" ", "\u2581")
    library.post_processor = processors.TemplateProcessing(single="$A <eos>", special_tokens=[("<eos>", 1)])
    library.enable_truncation(length)
    library.enable_padding(length=length, pad_id=0, pad_token="<pad>")
    library.save(str(folder / "tokenizer.json"))


def _shapes() -> dict[str, tuple[int, ...]]:
    shapes = {"vision_model.embeddings.patch_embedding.weight": (WIDTH, 3, 8, 8)}
    shapes |= {"vision_model.embeddings.patch_embedding.bias": (WIDTH,)}
    shapes |= {"vision_model.embeddings.position_embedding.weight": (9, WIDTH)}
    shapes |= {"text_model.embeddings.token_embedding.weight": (SMALL.vocabulary, WIDTH)}
    shapes |= {"text_model.embeddings.position_embedding.weight": (SMALL.context, WIDTH)}
    shapes |= {"logit_scale": (1,), "logit_bias": (1,), "vision_model.head.probe": (1, 1, WIDTH)}
    shapes |= {"vision_model.head.attention.in_proj_weight": (3 * WIDTH, WIDTH)}
    shapes |= {"vision_model.head.attention.in_proj_bias": (3 * WIDTH,)}
    norms = ["vision_model.post_layernorm", "text_model.final_layer_norm", "vision_model.head.layernorm"]
    dense = {"vision_model.head.attention.out_proj": (WIDTH, WIDTH), "text_model.head": (WIDTH, WIDTH)}
    blocks = [f"{tower}_model.encoder.layers.{index}" for tower in ("vision", "text") for index in range(SMALL.depth)]
    for block in blocks:
        norms += [f"{block}.layer_norm1", f"{block}.layer_norm2"]
        dense |= {f"{block}.self_attn.{part}_proj": (WIDTH, WIDTH) for part in ("q", "k", "v", "out")}
    for block in [*blocks, "vision_model.head"]:
        dense |= {f"{block}.mlp.fc1": (4 * WIDTH, WIDTH), f"{block}.mlp.fc2": (WIDTH, 4 * WIDTH)}
    for name, kernel in (dense | dict.fromkeys(norms, (WIDTH,))).items():
        shapes |= {f"{name}.weight": kernel, f"{name}.bias": kernel[:1]}
    return shapes
