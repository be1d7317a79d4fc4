#!/usr/bin/env bash
# Keras's bicubic resizing is another filter on PyTorch than on its other backends, and the same one with `antialias=True`.
#
# One would expect a layer that prepares images to make the same pixels on every backend, and `antialias` to change nothing where an
# image is enlarged. Seen: 32 pixels enlarged to 224, as CIFAR's for a network of ImageNet, differ by 2 of 255 levels on average and
# 11 at most between PyTorch and JAX; with `antialias=True` PyTorch's are JAX's, which are Pillow's either way. PyTorch takes the
# coefficient -0.75 of OpenCV without antialiasing (`aten/src/ATen/native/UpSample.h`, `get_cubic_upsample_coefficients`), and -0.5 of
# Pillow with it (`cpu/UpSampleKernel.cpp`, `aa_filter`); `keras/src/backend/torch/image.py` passes the flag on.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check keras==3.15.1 torch==2.13.0 jax==0.10.2 pillow==13.0.0 numpy==2.4.6
cd "$folder"
cat >look.py <<'PYTHON'
import sys

import keras
import numpy as np
from PIL import Image

random = np.random.default_rng(0)
photo = np.asarray(Image.fromarray(random.integers(0, 256, (12, 12, 3), np.uint8)).resize((32, 32), Image.Resampling.BICUBIC))
bands = [Image.fromarray(photo[..., band].astype(np.float32)).resize((224, 224), Image.Resampling.BICUBIC) for band in range(3)]
pillow = np.dstack([np.asarray(band) for band in bands])
seen = {}
for antialias in (False, True):
    layer = keras.layers.Resizing(224, 224, interpolation="bicubic", antialias=antialias)
    away = np.abs(keras.ops.convert_to_numpy(layer(photo[None].astype(np.float32)))[0] - pillow)
    seen[f"antialias {antialias}"] = (round(float(away.mean()), 1), round(float(away.max()), 1))
print(f"Keras {keras.__version__}, {keras.backend.backend()}: mean and largest difference from Pillow {seen}")
plain, smooth = seen.values()
same = smooth[1] < 0.2 and (plain[1] < 0.2 if keras.backend.backend() == "jax" else plain[0] > 1 and plain[1] > 8)
sys.exit(not same)
PYTHON
for backend in torch jax; do
    KERAS_BACKEND=$backend JAX_PLATFORMS=cpu venv/bin/python look.py 2>errors || { cat errors; exit 1; }
done
