#!/usr/bin/env bash
# Keras writes an .h5 of a network whose weights are bfloat16, and cannot read it again; .weights.h5 and .keras can.
#
# Seen: HDF5 has no bfloat16, so all three formats store two opaque bytes a number ("|V2"). `.weights.h5` and `.keras` note
# the type in an attribute of each array; the legacy `.h5` notes nothing, is written without a warning about it, and then
# `load_model` ends in "No cast function available" and `load_weights` in "setting an array element with a sequence". The
# numbers are not lost: read as the upper halves of float32 they are the weights.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check keras==3.15.1 tensorflow-cpu==2.21.0 h5py==3.14.0
cat >"$folder/seen.py" <<'PYTHON'
import h5py
import keras
import numpy as np


def network():
    return keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])


def failure(action):
    try:
        action()
    except Exception as error:
        return str(error)
    return ""


keras.config.set_dtype_policy("bfloat16")
saved = network()
kernel = np.asarray(saved.weights[0]).astype("float32")
for name in ("model.h5", "model.keras"):
    saved.save(name)
saved.save_weights("model.weights.h5")
keras.config.set_dtype_policy("float32")

with h5py.File("model.h5") as legacy, h5py.File("model.weights.h5") as modern:
    opaque = legacy["model_weights/dense/sequential/dense/kernel"]
    named = modern["layers/dense/vars/0"]
    print("model.h5", opaque.dtype, dict(opaque.attrs), "| model.weights.h5", named.dtype, dict(named.attrs))
    assert opaque.dtype == named.dtype == np.dtype("V2")
    assert not opaque.attrs and named.attrs["dtype"] == "bfloat16"
    halves = opaque[()].view(np.uint16).astype(np.uint32) << 16
    assert np.array_equal(halves.view(np.float32), kernel)
for action in (lambda: keras.models.load_model("model.h5"), lambda: network().load_weights("model.h5")):
    print("model.h5:", failure(action))
    assert failure(action)
fresh = network()
fresh.load_weights("model.weights.h5")
assert np.array_equal(np.asarray(fresh.weights[0]), kernel)
assert not failure(lambda: keras.models.load_model("model.keras"))
PYTHON
(cd "$folder" && TF_CPP_MIN_LOG_LEVEL=3 "$folder/venv/bin/python" seen.py 2>"$folder/log" || { cat "$folder/log"; exit 1; })
echo "As seen: Keras 3.15.1, TensorFlow 2.21.0, h5py 3.14.0"
