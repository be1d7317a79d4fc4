#!/usr/bin/env bash
# Adam with weight decay, AMSGrad and NAdam are other methods in Keras, PyTorch and Optax, with the same options.
#
# One would expect the recipe of a paper to be carried over by its numbers. Seen, after ten equal steps: `Adam(weight_decay=)` of
# Keras is AdamW, and its SGD subtracts the decay likewise, where PyTorch's adds the decay to the gradient; `amsgrad` of Optax is
# another method than that of the others, since it corrects the bias of the second moment before it takes the maximum, so its first
# gradient holds the steps down for good (`bias_correction_nu` in `optax/_src/transform.py`); NAdam is three different methods.
# AdamW, Adamax and RMSprop agree within 0.001.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check keras==3.15.1 torch==2.13.0 jax==0.10.2 optax==0.2.8 numpy==2.4.6
cd "$folder"
KERAS_BACKEND=jax JAX_PLATFORMS=cpu venv/bin/python - 2>errors <<'PYTHON' || { cat errors; exit 1; }
import sys

import jax
import jax.numpy as jnp
import keras
import numpy as np
import optax
import torch

START, GOAL = np.array([1, -2, 0.5], np.float32), np.array([0.3, 0.1, 0.2], np.float32)
gradient = jax.grad(lambda weights: ((weights - GOAL) ** 2).sum())


def by_torch(optimizer, **options):
    weights = torch.nn.Parameter(torch.tensor(START))
    steps = optimizer([weights], lr=0.1, **options)
    for _ in range(10):
        steps.zero_grad()
        ((weights - torch.tensor(GOAL)) ** 2).sum().backward()
        steps.step()
    return weights.detach().numpy()


def by_keras(optimizer):
    weights = keras.Variable(START)
    optimizer.build([weights])
    for _ in range(10):
        optimizer.apply([gradient(weights.value)], [weights])
    return np.asarray(weights.value)


def by_optax(optimizer):
    weights = jnp.asarray(START)
    state = optimizer.init(weights)
    for _ in range(10):
        updates, state = optimizer.update(gradient(weights), state, weights)
        weights = optax.apply_updates(weights, updates)
    return np.asarray(weights)


k, t = keras.optimizers, torch.optim
adam = {"epsilon": 1e-8}
seen = {
    "AdamW": (by_keras(k.AdamW(0.1, weight_decay=0.1, **adam)), by_torch(t.AdamW, weight_decay=0.1), by_optax(optax.adamw(0.1, weight_decay=0.1))),
    "Adam, decay": (by_keras(k.Adam(0.1, weight_decay=0.1, **adam)), by_torch(t.Adam, weight_decay=0.1)),
    "SGD, decay": (by_keras(k.SGD(0.1, 0.9, weight_decay=0.1)), by_torch(t.SGD, momentum=0.9, weight_decay=0.1)),
    "AMSGrad": (by_keras(k.Adam(0.1, amsgrad=True, **adam)), by_torch(t.Adam, amsgrad=True), by_optax(optax.amsgrad(0.1))),
    "NAdam": (by_keras(k.Nadam(0.1, **adam)), by_torch(t.NAdam), by_optax(optax.nadam(0.1))),
    "Adamax": (by_keras(k.Adamax(0.1, **adam)), by_torch(t.Adamax), by_optax(optax.adamax(0.1))),
    "RMSprop": (by_keras(k.RMSprop(0.1, rho=0.9, **adam)), by_torch(t.RMSprop, alpha=0.9), by_optax(optax.rmsprop(0.1, 0.9))),
}
print(f"Keras {keras.__version__}, PyTorch {torch.__version__}, Optax {optax.__version__}: the second weight after ten steps from -2:")
for name, ends in seen.items():
    print(f"  {name}: {[round(float(end[1]), 4) for end in ends]}")
apart = {name: [float(np.abs(end - ends[0]).max()) for end in ends[1:]] for name, ends in seen.items()}
alike = all(max(apart[name]) < 1e-3 for name in ("AdamW", "Adamax", "RMSprop"))
decoupled = np.allclose(seen["Adam, decay"][0], seen["AdamW"][0]) and apart["Adam, decay"][0] > 0.05 and apart["SGD, decay"][0] > 0.05
sys.exit(not (alike and decoupled and apart["AMSGrad"][0] < 1e-3 < 0.05 < apart["AMSGrad"][1] and min(apart["NAdam"]) > 5e-3))
PYTHON
