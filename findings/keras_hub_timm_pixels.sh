#!/usr/bin/env bash
# KerasHub reads a timm network, and resizes photos for it without smoothing: it sees other pixels than timm shows it.
#
# Seen: the preprocessing that `ImageConverter.from_preset` makes of timm's config.json has its bicubic interpolation, and
# antialias=False; `crop_pct` is not read. timm resizes with Pillow, which smooths. A grainy photo of 1,000 pixels shrunk to 224
# keeps its grain: the mean difference is over 10 of 255 levels. With antialiasing it is a fraction of one.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check keras==3.15.1 keras-hub==0.32.0 tensorflow-cpu==2.21.0 \
    pillow==13.0.0
cd "$folder"
TF_CPP_MIN_LOG_LEVEL=3 CUDA_VISIBLE_DEVICES= venv/bin/python - 2>errors <<'PYTHON' || { cat errors; exit 1; }
import json
import sys
from pathlib import Path

import keras_hub
import numpy as np
from PIL import Image

random = np.random.default_rng(0)
blurred = Image.fromarray(random.integers(0, 256, (50, 50, 3), np.uint8)).resize((1000, 1000), Image.Resampling.BICUBIC)
photo = np.clip(np.asarray(blurred) + random.normal(0, 25, (1000, 1000, 3)), 0, 255).astype(np.uint8)
described = {"input_size": [3, 224, 224], "mean": [0, 0, 0], "std": [1, 1, 1], "interpolation": "bicubic", "crop_pct": 0.95}
Path("config.json").write_text(json.dumps({"architecture": "resnet50", "num_classes": 0, "pretrained_cfg": described}))
pillow = np.asarray(Image.fromarray(photo).resize((224, 224), Image.Resampling.BICUBIC), float)
converter = keras_hub.layers.ImageConverter.from_preset(".")
converted = 255 * np.asarray(converter(photo[None].astype("float32")))[0]
converter.resizing.antialias = True
smoothed = np.clip(255 * np.asarray(converter(photo[None].astype("float32")))[0], 0, 255)
seen = [round(float(np.abs(each - pillow).mean()), 2) for each in (converted, smoothed)]
print(f"KerasHub {keras_hub.__version__}: mean difference to Pillow {seen[0]} levels, with antialiasing {seen[1]}")
sys.exit(not (seen[0] > 10 and seen[1] < 1))
PYTHON
