#!/usr/bin/env bash
# OpenVINO's ReLU makes nan a zero: a network whose weights are nan answers with numbers.
#
# Seen: on the CPU, ReLU, Clip (which is ReLU6) and HardSigmoid give 0 or 1 for nan, where ONNX Runtime keeps nan; LeakyReLU, ELU and
# HardSwish keep it in both. A small network, one of whose 16 filters is nan in every weight, has finite features in OpenVINO:
# a check for nan after a diverged training, or of a damaged file, passes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check openvino==2026.4.1 openvino-telemetry==2025.2.0 onnx==1.23.2 onnxruntime==1.32.0
cd "$folder"
OPENVINO_TELEMETRY=0 venv/bin/python - <<'PYTHON'
import sys

import numpy as np
import onnx
import onnxruntime
import openvino
from onnx import TensorProto, helper, numpy_helper

ACTIVATIONS = ("Relu", "HardSigmoid", "LeakyRelu", "Elu", "HardSwish")


def features(activation, weights, pixels):
    """Whether the features of convolution, activation and average pooling are finite, in both programs."""
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["a"]),
        helper.make_node(activation, ["a"], ["b"]),
        helper.make_node("GlobalAveragePool", ["b"], ["y"]),
    ]
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in (("x", pixels.shape), ("y", None))]
    graph = helper.make_graph(nodes, "graph", ends[:1], ends[1:], [numpy_helper.from_array(weights, "w")])
    data = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9).SerializeToString()
    core = openvino.Core()
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    answers = core.compile_model(core.read_model(data), "CPU")([pixels])[0], session.run(None, {"x": pixels})[0]
    return tuple(bool(np.isfinite(answer).all()) for answer in answers)


random = np.random.default_rng(0)
weights = random.normal(size=(16, 3, 3, 3)).astype(np.float32)
weights[3] = np.nan
pixels = random.uniform(size=(1, 3, 32, 32)).astype(np.float32)
seen = {activation: features(activation, weights, pixels) for activation in ACTIVATIONS}
print(f"OpenVINO {openvino.__version__}, ONNX Runtime {onnxruntime.__version__}: features finite with a filter of nan: {seen}")
sys.exit(not (seen["Relu"] == seen["HardSigmoid"] == (True, False) and seen["Elu"] == seen["LeakyRelu"] == (False, False)))
PYTHON
