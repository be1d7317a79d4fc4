#!/usr/bin/env bash
# Keras: an .h5 of a partly frozen network is read by the same network, nothing frozen, with its blocks in another order.
#
# Seen: a network nested in a model is one layer of an .h5, whose weights are listed trainable ones first and read in the order
# that the reader has. Four equal blocks of which two were frozen come back as 3, 4, 1, 2 where nothing is frozen: the shapes
# fit, nothing is said, and the answers are others. Where shapes differ, `load_weights` fails. `load_model` restores what was
# frozen first, and .keras and .weights.h5 go by path: both are right.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check keras==3.15.1 tensorflow-cpu==2.21.0 h5py==3.14.0
cd "$folder"
TF_CPP_MIN_LOG_LEVEL=3 CUDA_VISIBLE_DEVICES= venv/bin/python - 2>errors <<'PYTHON' || { cat errors; exit 1; }
import sys

import keras
import numpy as np
from keras import layers


def build():
    blocks = [layers.Dense(8, bias_initializer="ones", name=f"block{number}") for number in range(1, 5)]
    encoder = keras.Sequential([keras.Input((8,)), *blocks], name="encoder")
    inputs = keras.Input((8,))
    return keras.Model(inputs, layers.Dense(2, name="head")(encoder(inputs)))


def kernels(model):
    return [np.asarray(layer.kernel) for layer in model.get_layer("encoder").layers]


trained = build()
for layer in trained.get_layer("encoder").layers[:2]:
    layer.trainable = False
seen = {}
for name in ("model.h5", "model.keras"):
    trained.save(name)
    fresh = build()
    fresh.load_weights(name)
    seen[name] = [
        next(number for number, old in enumerate(kernels(trained), 1) if np.array_equal(old, new)) for new in kernels(fresh)
    ]
    seen[f"{name}, load_model"] = [
        next(number for number, old in enumerate(kernels(trained), 1) if np.array_equal(old, new))
        for new in kernels(keras.models.load_model(name, compile=False))
    ]
print(f"Keras {keras.__version__}: the blocks that were read as 1, 2, 3, 4: {seen}")
right = [1, 2, 3, 4]
sys.exit(list(seen.values()) != [[3, 4, 1, 2], right, right, right])
PYTHON
