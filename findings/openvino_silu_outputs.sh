#!/usr/bin/env bash
# OpenVINO converts a function of TensorFlow that has one output to a model with one more for every SiLU inside.
#
# Seen: `tf.nn.silu` has a gradient of its own, which leaves an IdentityN in the graph of a `tf.function`; nothing reads it.
# `openvino.convert_model` takes every node that nothing reads for an output. EfficientNetB0 became a model of 50 outputs,
# keeps all these activations and returns them, and is slower than TensorFlow. With ReLU there is one output.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check tensorflow-cpu==2.21.0 keras==3.15.1 openvino==2026.4.1
cat >"$folder/seen.py" <<'PYTHON'
import sys

sys.modules["openvino_telemetry"] = None  # nothing is reported to anybody
import keras
import numpy as np
import openvino
import tensorflow as tf


def convert(activation):
    layers = [keras.layers.Dense(4, activation=activation) for _ in range(3)]
    network = keras.Sequential([keras.Input((8,)), *layers])
    signature = [tf.TensorSpec((None, 8), tf.float32)]
    function = tf.function(lambda x: network(x, training=False), input_signature=signature, autograph=False)
    concrete = function.get_concrete_function()
    x = np.ones((2, 8), "float32")
    model = openvino.convert_model(concrete)
    print(activation, "TensorFlow:", len(concrete.outputs), "OpenVINO:", len(model.outputs))
    wanted = next(output for output in model.outputs if "Identity:0" in output.get_names())
    alone = openvino.compile_model(openvino.Model([wanted], model.get_parameters()), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    assert np.allclose(alone([x])[0], concrete(x), atol=1e-5)
    return len(model.outputs)


assert convert("relu") == 1
assert convert("silu") == 4
PYTHON
(cd "$folder" && TF_CPP_MIN_LOG_LEVEL=3 "$folder/venv/bin/python" seen.py 2>"$folder/log" || { cat "$folder/log"; exit 1; })
echo "As seen: OpenVINO 2026.4.1, TensorFlow 2.21.0, Keras 3.15.1"
