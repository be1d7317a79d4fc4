#!/usr/bin/env bash
# ConvNeXt without its classifier: the mean over the feature map is not what `pooling="avg"` gives, as in other networks.
#
# Seen: `include_top=False` ends in a LayerNorm, which Keras puts behind the pooling if there is one, as in the paper, and
# over every position if there is none. So the usual recipe, GlobalAveragePooling2D on `base.output`, gives other features
# than `pooling="avg"` with the same weights, and than those the published classifier gets. MobileNetV2 gives the same.
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

gaps = {}
for application in (keras.applications.ConvNeXtTiny, keras.applications.MobileNetV2):
    random = np.random.default_rng(0)
    networks = [
        application(include_top=False, weights=None, input_shape=(96, 96, 3), pooling=pooling) for pooling in (None, "avg")
    ]
    for variable in networks[0].variables:
        if variable.name == "gamma":  # of LayerScale it starts near 0, which would hide the blocks
            variable.assign(random.uniform(0.5, 1.5, variable.shape))
    networks[1].set_weights(networks[0].get_weights())
    images = random.uniform(0, 255, (4, 3, 3, 3)).repeat(32, axis=1).repeat(32, axis=2)
    by_hand, pooled = networks[0].predict(images, verbose=0).mean((1, 2)), networks[1].predict(images, verbose=0)
    gaps[application.__name__] = float(abs(by_hand - pooled).max() / abs(pooled).max())
print(f"Keras {keras.__version__}: largest difference, as a share of the largest feature: {gaps}")
sys.exit(not (gaps["ConvNeXtTiny"] > 0.05 and gaps["MobileNetV2"] < 1e-4))
PYTHON
