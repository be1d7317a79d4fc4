#!/usr/bin/env bash
# The same network makes 4 or 255 of the value 260 where it casts to uint8: TensorFlow by `jit_compile`, OpenVINO by whether the batch is fixed.
#
# Seen: bicubic resizing overshoots at an edge, so a white pixel is 260 and a black one -5, and both are cast as they are.
# TensorFlow makes the white one nearly black, and leaves it white with `jit_compile=True`. OpenVINO makes it black if the shape
# of the input is fixed, and white if it is free. ONNX Runtime wraps, JAX and LiteRT saturate. Only clipping first gives the same
# everywhere.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check tensorflow-cpu==2.21.0 jax==0.10.2 ai-edge-litert==2.3.0 openvino==2026.4.1 openvino-telemetry==2025.2.0 onnx==1.23.2 onnxruntime==1.32.0
cd "$folder"
JAX_PLATFORMS=cpu TF_CPP_MIN_LOG_LEVEL=3 CUDA_VISIBLE_DEVICES= OPENVINO_TELEMETRY=0 venv/bin/python - 2>errors <<'PYTHON' || { cat errors; exit 1; }
import sys

import jax
import numpy as np
import onnxruntime
import openvino
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter
from onnx import TensorProto, helper

pixels = np.array([260, -5, 2.7], np.float32)
cast = tf.function(lambda values: tf.cast(values, tf.uint8), input_signature=[tf.TensorSpec([3], tf.float32)], autograph=False)


def by_litert():
    interpreter = Interpreter(model_content=tf.lite.TFLiteConverter.from_concrete_functions([cast.get_concrete_function()]).convert())
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], pixels)
    interpreter.invoke()
    return interpreter.get_tensor(interpreter.get_output_details()[0]["index"])


def network(size):
    """An ONNX network that casts an input of this size, None if it is free, to uint8."""
    ends = [helper.make_tensor_value_info("x", TensorProto.FLOAT, [size]), helper.make_tensor_value_info("y", TensorProto.UINT8, [size])]
    graph = helper.make_graph([helper.make_node("Cast", ["x"], ["y"], to=TensorProto.UINT8)], "graph", ends[:1], ends[1:])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9).SerializeToString()


def by_openvino(size):
    core = openvino.Core()
    return core.compile_model(core.read_model(network(size)), "CPU")([pixels])[0]


seen = {
    "TensorFlow": tf.cast(pixels, tf.uint8),
    "TensorFlow, jit_compile": tf.function(cast, jit_compile=True, autograph=False)(tf.constant(pixels)),
    "ONNX Runtime": onnxruntime.InferenceSession(network(3), providers=["CPUExecutionProvider"]).run(None, {"x": pixels})[0],
    "OpenVINO, three values": by_openvino(3),
    "OpenVINO, any number": by_openvino(None),
    "LiteRT": by_litert(),
    "JAX": jax.numpy.asarray(pixels).astype("uint8"),
}
seen = {name: np.asarray(values).tolist() for name, values in seen.items()}
print(f"TensorFlow {tf.__version__}: 260, -5 and 2.7 as uint8: {seen}")
wrapped = {"TensorFlow", "ONNX Runtime", "OpenVINO, three values"}
sys.exit(any(values != ([4, 251, 2] if name in wrapped else [255, 0, 2]) for name, values in seen.items()))
PYTHON
