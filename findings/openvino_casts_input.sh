#!/usr/bin/env bash
# OpenVINO's Python API turns an array of another type into the type of the input, as NumPy's `astype`, without a word.
#
# Seen: a model whose input is uint8, such as one with its preprocessing inside, is given pixels scaled to 0..1: it sees a black
# image, all zeros, and answers. Integers wrap around: 300 becomes 44. ONNX Runtime refuses both, and so does OpenVINO for an
# `openvino.Tensor`. A preprocessing step too many is then found by its accuracy only.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check openvino==2026.4.1 openvino-telemetry==2025.2.0 \
    onnx==1.23.2 onnxruntime==1.32.0
cat >"$folder/look.py" <<'PYTHON'
import sys

import numpy as np
import onnx
import onnxruntime
import openvino
from onnx import TensorProto, helper

graph = helper.make_graph(
    [helper.make_node("Cast", ["pixels"], ["y"], to=TensorProto.FLOAT)],
    "graph",
    [helper.make_tensor_value_info("pixels", TensorProto.UINT8, [1, 3])],
    [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 3])],
)
onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10), "model.onnx")
compiled = openvino.compile_model("model.onnx", "CPU")
session = onnxruntime.InferenceSession("model.onnx", providers=["CPUExecutionProvider"])
seen = {}
for name, pixels in {"floats": np.array([[0.2, 0.5, 0.9]]), "integers": np.array([[1, 255, 300]])}.items():
    seen[name] = compiled([pixels])[0].ravel().tolist()
    for run in (lambda: session.run(None, {"pixels": pixels}), lambda: compiled([openvino.Tensor(pixels)])):
        try:
            run()
            seen[name] = "accepted"
        except Exception:
            pass
print(f"OpenVINO {openvino.__version__} makes of 0.2, 0.5, 0.9 and of 1, 255, 300: {seen}; ONNX Runtime refuses them")
sys.exit(seen != {"floats": [0, 0, 0], "integers": [1, 255, 44]})
PYTHON
cd "$folder"
OPENVINO_TELEMETRY=0 venv/bin/python look.py
