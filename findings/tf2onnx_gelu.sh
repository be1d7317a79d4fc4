#!/usr/bin/env bash
# tf2onnx cannot convert the exact GELU of a Keras network: TensorFlow computes it by Erfc, which it does not know.
#
# Seen: keras.activations.gelu(x, approximate=False), in every published ViT, DeiT and DINOv2, becomes the operation Erfc.
# tf2onnx converts Erf and not Erfc: it logs "not supported" and goes on, and the file that it writes has an operation of
# the default domain that ONNX does not define, so that only onnx.checker or a runtime refuses it. By the hyperbolic
# tangent (approximate=True) it converts.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check tensorflow==2.21.0 keras==3.15.1 tf2onnx==1.17.0 onnx==1.23.2 numpy==2.4.6
KERAS_HOME="$folder" KERAS_BACKEND=tensorflow TF_CPP_MIN_LOG_LEVEL=3 "$folder/venv/bin/python" - <<'PYTHON'
import sys

import keras
import onnx
import tensorflow as tf
import tf2onnx


def outcome(approximate):
    function = tf.function(
        lambda x: keras.activations.gelu(x, approximate=approximate),
        input_signature=[tf.TensorSpec((1, 4), tf.float32)],
        autograph=False,
    )
    try:
        model, _ = tf2onnx.convert.from_function(function, input_signature=function.input_signature, opset=17)
    except Exception as error:
        return f"refused: {type(error).__name__}"
    kinds = {node.op_type for node in model.graph.node}
    try:
        onnx.checker.check_model(model, full_check=True)
    except Exception as error:
        return f"written with {', '.join(sorted(kinds & {'Erfc'}))}, not valid: {type(error).__name__}"
    return "valid"


exact, tangent = outcome(False), outcome(True)
print(f"tf2onnx {tf2onnx.__version__}, TensorFlow {tf.__version__}, Keras {keras.__version__}: exact {exact}; tanh {tangent}")
sys.exit(not ("Erfc" in exact and "not valid" in exact and tangent == "valid"))
PYTHON
