#!/usr/bin/env bash
# With JAX a label that is no class costs nothing: the loss of Keras is 0, and training goes on; TensorFlow raises, or gives nan if compiled by XLA.
#
# Seen: of 600 images of three classes half are labelled 255, the usual mark of "not labelled", or -1. The sparse cross-entropy of
# those is 0 with JAX, and `fit` reports half the loss of the others, without a warning; their gradient is that of nothing. A
# table of classes that is one too short is found on a laptop with TensorFlow, and not on a server with JAX.
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

backend = keras.backend.backend()
answers = keras.ops.convert_to_tensor(np.full((4, 3), 1 / 3, np.float32))
labels = keras.ops.convert_to_tensor(np.array([0, 3, -1, 255]))


def losses(compiled):
    """The loss of each image, rounded, or what was raised."""
    function = keras.ops.sparse_categorical_crossentropy
    if compiled and backend == "tensorflow":
        import tensorflow as tf

        function = tf.function(function, jit_compile=True)
    try:
        return [abs(round(float(loss), 2)) for loss in function(labels, answers)]
    except Exception as error:  # TensorFlow's own kind
        return type(error).__name__


seen = {"as it is": losses(False), "compiled": losses(True)}
if backend == "jax":
    random = np.random.default_rng(0)
    classes = random.integers(0, 3, 600)
    images = (2 * np.eye(3)[classes] + random.normal(size=(600, 3))).astype(np.float32)
    for name, given in {"fit": classes, "fit, half of them 255": np.where(np.arange(600) < 300, 255, classes)}.items():
        keras.utils.set_random_seed(0)
        model = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(3, activation="softmax")])
        model.compile(keras.optimizers.SGD(0.1), "sparse_categorical_crossentropy")
        seen[name] = round(model.fit(images, given, epochs=10, verbose=0).history["loss"][-1], 2)
print(f"Keras {keras.__version__}, {backend}: loss of the labels 0, 3, -1, 255 of three classes: {seen}")
if backend == "jax":
    sys.exit(not (seen["as it is"] == seen["compiled"] == [1.1, 0, 0, 0] and seen["fit, half of them 255"] < 0.7 * seen["fit"]))
sys.exit(not (seen["as it is"] == "InvalidArgumentError" and seen["compiled"][0] == 1.1 and all(np.isnan(seen["compiled"][1:]))))
PYTHON
for backend in tensorflow jax; do
    KERAS_BACKEND=$backend JAX_PLATFORMS=cpu TF_CPP_MIN_LOG_LEVEL=3 CUDA_VISIBLE_DEVICES= venv/bin/python look.py 2>errors ||
        { cat errors; exit 1; }
done
