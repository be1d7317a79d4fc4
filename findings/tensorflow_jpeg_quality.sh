#!/usr/bin/env bash
# TensorFlow decodes a JPEG the less exactly, the better its quality.
#
# Seen: by default `tf.io.decode_jpeg` and `decode_image`, and so Keras's loaders, take libjpeg's fast integer transform, whose
# rounding grows with small quantisation steps. Beside Pillow the mean difference is 1 level at quality 75 and 2 at 100, and the
# largest goes from 3 levels to more than 10. With dct_method="INTEGER_ACCURATE", which `decode_image` does not offer, every
# pixel is Pillow's. So a network trained from TensorFlow's loader is asked about other pixels where Pillow serves it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check tensorflow-cpu==2.21.0 pillow==13.0.0
cd "$folder"
TF_CPP_MIN_LOG_LEVEL=3 CUDA_VISIBLE_DEVICES= venv/bin/python - 2>errors <<'PYTHON' || { cat errors; exit 1; }
import io
import sys

import numpy as np
import tensorflow as tf
from PIL import Image

random = np.random.default_rng(0)
blurred = Image.fromarray(random.integers(0, 256, (32, 32, 3), np.uint8)).resize((512, 512), Image.Resampling.BICUBIC)
photo = np.clip(np.asarray(blurred) + random.normal(0, 8, (512, 512, 3)), 0, 255).astype(np.uint8)
seen, exact = {}, True
for quality in (75, 90, 95, 100):
    file = io.BytesIO()
    Image.fromarray(photo).save(file, "JPEG", quality=quality)
    pillow = np.asarray(Image.open(file)).astype(int)
    fast = np.abs(tf.io.decode_jpeg(file.getvalue()).numpy() - pillow)
    seen[quality] = (round(float(fast.mean()), 2), int(fast.max()))
    exact &= np.array_equal(tf.io.decode_jpeg(file.getvalue(), dct_method="INTEGER_ACCURATE").numpy(), pillow)
print(f"TensorFlow {tf.__version__}: mean and largest difference by quality: {seen}; INTEGER_ACCURATE equal: {exact}")
sys.exit(not (exact and seen[75][1] <= 4 and seen[100][0] > 1.5 * seen[75][0] and seen[100][1] > 8))
PYTHON
