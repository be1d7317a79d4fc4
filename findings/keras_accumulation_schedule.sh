#!/usr/bin/env bash
# With gradient_accumulation_steps=4 a learning rate schedule of Keras runs four times as fast.
#
# Seen: the optimizer's `iterations` count updates of the weights, and with a constant rate four equal gradients move a weight as
# one does. A schedule counts batches: of a cosine decay over 100 updates the rate is 0 after 25, and the remaining three quarters
# of the training change nothing.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check keras==3.15.1 tensorflow-cpu==2.21.0
cd "$folder"
KERAS_BACKEND=tensorflow TF_CPP_MIN_LOG_LEVEL=3 CUDA_VISIBLE_DEVICES= venv/bin/python - 2>errors <<'PYTHON' || { cat errors; exit 1; }
import sys

import keras
import numpy as np

UPDATES = 100


def moved(rate, accumulated):
    """How far a weight is after a quarter and all of the updates, with gradients of 1, and what `iterations` says."""
    optimizer = keras.optimizers.SGD(rate, gradient_accumulation_steps=accumulated)
    weight, places = keras.Variable(np.zeros(1, np.float32)), []
    optimizer.build([weight])
    for _ in range(UPDATES):
        for _ in range(accumulated or 1):
            optimizer.apply([keras.ops.ones(1)], [weight])
        places.append(-float(weight[0]))
    return round(places[UPDATES // 4 - 1], 2), round(places[-1], 2), int(optimizer.iterations)


seen = {}
for name, rate in {"constant": 0.1, "cosine": keras.optimizers.schedules.CosineDecay(0.1, UPDATES)}.items():
    for accumulated in (None, 4):
        seen[name, accumulated] = moved(rate, accumulated)
print(f"Keras {keras.__version__}: a weight after 25 and 100 updates, and iterations, by rate and accumulation: {seen}")
quarter, end, _ = seen["cosine", 4]
sys.exit(not (seen["constant", None] == seen["constant", 4] and seen["cosine", None][1] > 3 * end and quarter == end and seen["cosine", 4][2] == UPDATES))
PYTHON
