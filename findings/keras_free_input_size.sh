#!/usr/bin/env bash
# A network of Keras Applications built for any size, (None, None, 3), computes other features than one built for that size.
#
# Seen: MobileNetV2 and EfficientNet pad by hand before a convolution with stride 2, by one pixel less above and to the left
# where the map has an even size, and without a size they take it for even. So with the same weights the features agree at 224
# pixels, where each such map is even, and differ at 200, where one has 25 rows, and at EfficientNetB1's own 240, where one has
# 15: for random weights by a tenth of the largest feature and more. Nothing is said.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check keras==3.15.1 tensorflow-cpu==2.21.0
cd "$folder"
TF_CPP_MIN_LOG_LEVEL=3 CUDA_VISIBLE_DEVICES= venv/bin/python - 2>errors <<'PYTHON' || { cat errors; exit 1; }
import sys

import keras
import numpy as np

keras.utils.set_random_seed(0)
seen = {}
for name, size in (("MobileNetV2", 224), ("MobileNetV2", 200), ("EfficientNetB1", 240)):
    options = {"include_top": False, "weights": None, "pooling": "avg"}
    build = getattr(keras.applications, name)
    fixed, free = (build(input_shape=shape, **options) for shape in ((size, size, 3), (None, None, 3)))
    free.set_weights(fixed.get_weights())
    x = np.random.default_rng(0).uniform(0, 255 if "Efficient" in name else 1, (1, size, size, 3)).astype("float32")
    features, others = (np.asarray(network(x, training=False)) for network in (fixed, free))
    seen[name, size] = float(np.abs(features - others).max() / np.abs(features).max())
print(f"Keras {keras.__version__}: largest difference, as a share of the largest feature: {seen}")
same, *differ = seen.values()
sys.exit(not (same < 1e-4 and min(differ) > 0.01))
PYTHON
