#!/usr/bin/env bash
# KerasHub's ViT: its layers cannot be made again from their own configs, and a folder of a bare ViTModel cannot be read.
#
# Seen: `get_config` of the patch embedding and of the encoder block holds names that their constructors refuse, so a network
# that uses the layers themselves is saved without a word and cannot be opened (DeiT's are alike, DINOv2's are not). And
# `from_preset` of a folder in Hugging Face's layout asks for `vit.embeddings...`, as models with a classifier are saved;
# google/vit-base-patch16-224-in21k, saved as a bare ViTModel, has the same names without `vit.`, and an error follows.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    keras==3.15.1 keras-hub==0.32.0 safetensors==0.8.0 tensorflow-cpu==2.21.0
cd "$folder"
TF_CPP_MIN_LOG_LEVEL=3 CUDA_VISIBLE_DEVICES= venv/bin/python - 2>errors <<'PYTHON' || { cat errors; exit 1; }
import json
import sys
from pathlib import Path

import keras_hub
import numpy as np
from safetensors.numpy import save_file

model = keras_hub.models.ViTBackbone((16, 16, 3), 8, 1, 2, 8, 16)
embedding, encoder = model.layers[1:]
refused = []
for layer in (embedding, encoder.encoder_layers[0]):
    try:
        type(layer).from_config(layer.get_config())
    except TypeError:
        refused.append(type(layer).__name__)

block = "encoder.layer.0"
shapes = {
    "embeddings.cls_token": (1, 1, 8),
    "embeddings.position_embeddings": (1, 5, 8),
    "embeddings.patch_embeddings.projection.weight": (8, 3, 8, 8),
    "embeddings.patch_embeddings.projection.bias": (8,),
}
kernels = {f"attention.attention.{part}": (8, 8) for part in ("query", "key", "value")}
kernels |= {"attention.output.dense": (8, 8), "intermediate.dense": (16, 8), "output.dense": (8, 16)}
for name, kernel in kernels.items():
    shapes |= {f"{block}.{name}.weight": kernel, f"{block}.{name}.bias": kernel[:1]}
for name in (f"{block}.layernorm_before", f"{block}.layernorm_after", "layernorm"):
    shapes |= {f"{name}.weight": (8,), f"{name}.bias": (8,)}
config = {"model_type": "vit", "architectures": ["ViTModel"], "image_size": 16, "patch_size": 8, "hidden_size": 8}
config |= {"num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16, "qkv_bias": True}
config |= {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
read = {}
for prefix in ("vit.", ""):
    place = Path(f"folder-{prefix}")
    place.mkdir()
    (place / "config.json").write_text(json.dumps(config))
    save_file({prefix + name: np.zeros(shape, np.float32) for name, shape in shapes.items()}, place / "model.safetensors")
    try:
        keras_hub.models.ViTBackbone.from_preset(str(place))
        read[prefix] = True
    except Exception as error:
        read[prefix] = type(error).__name__
print(f"KerasHub {keras_hub.__version__}: refuse their own configs: {refused}; folders by prefix of their names: {read}")
sys.exit(not (len(refused) == 2 and read["vit."] is True and read[""] is not True))
PYTHON
