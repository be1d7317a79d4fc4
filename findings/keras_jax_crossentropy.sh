#!/usr/bin/env bash
# With JAX, Keras learns nothing from an image of whose class a network is nearly sure that it is wrong; with TensorFlow it does.
#
# Seen: one model, `Dense(2, activation="softmax")` and "sparse_categorical_crossentropy", and one image whose class gets a
# probability of 2e-9. TensorFlow finds the logits behind the softmax: the loss is 20 and the gradient 1. JAX clips the
# probability at 1e-7: the loss stays at 16.1 and the gradient is exactly 0. So hard images and wrong labels drop out of a
# training, silently and in one backend only. A head that returns logits, with from_logits=True, is the same in both.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check keras==3.15.1 tensorflow-cpu==2.21.0 jax==0.10.2
cd "$folder"
cat >look.py <<'PYTHON'
import sys

import keras
import numpy as np


def learn(activation, loss):
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(2, activation=activation, use_bias=False)])
    model.compile(keras.optimizers.SGD(1.0), loss)
    model.set_weights([np.array([[20.0, 0.0]])])
    image, label = np.ones((1, 1)), np.array([1])
    value = model.evaluate(image, label, verbose=0)
    model.fit(image, label, verbose=0)
    return round(float(value), 1), round(float(model.get_weights()[0][0, 1]), 2)


probabilities = learn("softmax", "sparse_categorical_crossentropy")
logits = learn(None, keras.losses.SparseCategoricalCrossentropy(from_logits=True))
print(f"Keras {keras.__version__}, {keras.backend.backend()}: loss and step from probabilities {probabilities}, logits {logits}")
expected = {"tensorflow": (20.0, 1.0), "jax": (16.1, 0.0)}[keras.backend.backend()]
sys.exit(probabilities != expected or logits != (20.0, 1.0))
PYTHON
for backend in tensorflow jax; do
    KERAS_BACKEND=$backend JAX_PLATFORMS=cpu TF_CPP_MIN_LOG_LEVEL=3 CUDA_VISIBLE_DEVICES= venv/bin/python look.py 2>errors ||
        { cat errors; exit 1; }
done
