#!/usr/bin/env bash
# Keras layers that get no values draw from the random generator all the same.
#
# Seen: inside StatelessScope(initialize_variables=False) a layer has shapes and no values, as for a summary. Still every
# initialiser takes its default seed from Python's global `random` when it is constructed. So a model that is only looked
# at between `set_random_seed` and the building of another one changes the other one's weights: in one thread by order, in
# two threads by chance.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check keras==3.15.1 numpy==2.3.5 scipy==1.16.3 jax==0.10.2
KERAS_HOME="$folder" KERAS_BACKEND=numpy "$folder/venv/bin/python" - <<'PYTHON'
import sys

import keras
import numpy as np


def kernel() -> np.ndarray:
    layer = keras.layers.Dense(3)
    layer.build((None, 4))
    return np.array(layer.kernel)


def weights(look: bool) -> np.ndarray:
    keras.utils.set_random_seed(0)
    if look:
        with keras.StatelessScope(initialize_variables=False):
            outline = keras.layers.Dense(1000)
            outline.build((None, 1000))
    return kernel()


again, looked = np.array_equal(weights(False), weights(False)), np.array_equal(weights(False), weights(True))
print(f"Keras {keras.__version__}: the same weights from the same seed: {again}; after a look at an outline: {looked}")
sys.exit(not again or looked)
PYTHON
