#!/usr/bin/env bash
# KerasHub's HGNetV2: a folder of timm's B0 to B3 is read without its learnable scales and biases, and nothing is said.
#
# Seen: timm builds hgnetv2_b0 to b3 with a learned scale and bias after each activation (`use_lab=True`), and B4 to B6 without.
# KerasHub goes by the tag in config.json instead: none where it begins with "ssld", as that of each checkpoint timm has published
# does. So `from_preset` of B0 leaves those tensors in the file: other values in them give the same features. Without such a tag,
# as in a folder that one has trained and saved oneself, B4 is asked for tensors that it does not have.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    keras==3.15.1 keras-hub==0.32.0 safetensors==0.8.0 tensorflow-cpu==2.21.0
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps --target "$folder/timm" timm==1.0.31
cd "$folder"
TF_CPP_MIN_LOG_LEVEL=3 CUDA_VISIBLE_DEVICES= venv/bin/python - 2>errors <<'PYTHON' || { cat errors; exit 1; }
import json
import re
import sys
from pathlib import Path

import keras_hub
import numpy as np
from keras_hub.src.utils.timm import convert_hgnetv2
from safetensors.numpy import save_file

code = Path("timm/timm/models/hgnet.py").read_text()  # read, not run: it needs PyTorch
scaled = sorted(set(re.findall(r"'hgnetv2_(b\d)', pretrained=pretrained, use_lab=True", code)))
tags = sorted(set(re.findall(r"'hgnetv2_b\d\.(\w+)'", code)))


class Recorder:
    """Takes the place of the loader of a file: notes the tensors that KerasHub asks for, and invents them."""

    def __init__(self):
        self.tensors, self.random = {}, np.random.default_rng(0)

    def port_weight(self, variable, hf_weight_key, hook_fn=None):
        shape = variable.shape if len(variable.shape) < 4 else tuple(np.transpose(np.empty(variable.shape), (3, 2, 0, 1)).shape)
        self.tensors[hf_weight_key] = np.asarray(self.random.uniform(0.1, 0.3, shape), "float32")


def described(architecture, tag):
    return {"architecture": architecture, "num_classes": 0, "pretrained_cfg": {"tag": tag}}


def asked_for(config):
    model = keras_hub.models.HGNetV2Backbone(**convert_hgnetv2.convert_backbone_config(config))
    recorder = Recorder()
    convert_hgnetv2.convert_weights(model, recorder, config)
    return recorder.tensors


whole = asked_for(described("hgnetv2_b0", ""))  # every tensor of timm's B0
features = []
for value in (0.5, 2.0):
    place = Path(f"scales-of-{value}")
    place.mkdir()
    (place / "config.json").write_text(json.dumps(described("hgnetv2_b0", tags[0])))
    scales = {name: np.full_like(tensor, value) for name, tensor in whole.items() if ".lab." in name}
    save_file(whole | scales, place / "model.safetensors")
    model = keras_hub.models.HGNetV2Backbone.from_preset(str(place))
    features.append(np.asarray(model(np.ones((1, 64, 64, 3), "float32"))["stage4"]))
own = [name for name in asked_for(described("hgnetv2_b4", "my_own")) if ".lab." in name]
same = bool(np.array_equal(*features))
print(f"KerasHub {keras_hub.__version__}: timm scales {scaled}, tags {tags}; {len(scales)} tensors of B0 are not read: {same}")
print(f"B4 without such a tag is asked for {len(own)} tensors that timm's B4 does not have")
sys.exit(not (scaled == ["b0", "b1", "b2", "b3"] and all(tag.startswith("ssld") for tag in tags) and same and own))
PYTHON
