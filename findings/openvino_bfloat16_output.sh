#!/usr/bin/env bash
# Features of a network whose output is bfloat16 come from OpenVINO as an array of float16 with other numbers: 6 becomes 2.375.
#
# One would expect bfloat16, as ONNX Runtime's `OrtValue` says, or an error. Seen: the array has the dtype float16 and the bits of
# bfloat16, so 1, 6, 22 and 100 are 1.875, 2.375, 2.844 and 3.39: finite, ordered, and of a believable size, so nothing looks wrong
# but distances and thresholds. `array.view(ml_dtypes.bfloat16)` gives the numbers. NumPy has no bfloat16, and the Python interface
# names float16 in its place (`src/bindings/python/src/pyopenvino/core/common.cpp`, `ov_type_to_dtype`); pull request 23263 of
# OpenVINO, never merged, would have made float32 of it, and pull request 22567 of Keras mends Keras's backend for the same reason.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check openvino==2026.4.1 openvino-telemetry==2025.2.0 onnx==1.23.2 onnxruntime==1.32.0 ml_dtypes==0.6.0 numpy==2.4.6
cd "$folder"
OPENVINO_TELEMETRY=0 venv/bin/python - <<'PYTHON'
import sys

import ml_dtypes
import numpy as np
import openvino
from onnx import TensorProto, helper

types = {"x": TensorProto.FLOAT, "y": TensorProto.BFLOAT16}
ends = [helper.make_tensor_value_info(name, kind, [1, 4]) for name, kind in types.items()]
graph = helper.make_graph([helper.make_node("Cast", ["x"], ["y"], to=TensorProto.BFLOAT16)], "features", ends[:1], ends[1:])
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
compiled = openvino.Core().compile_model(openvino.Core().read_model(model.SerializeToString()), "CPU")
features = np.array([[1, 6, 22, 100]], np.float32)
answer = compiled([features])[0]
print(f"OpenVINO {openvino.__version__}: an output of type {compiled.output(0).element_type} for {features[0]} is {answer.dtype} "
      f"{answer[0]}; its bits as bfloat16 {answer.view(ml_dtypes.bfloat16)[0]}")
wrong = answer.dtype == np.float16 and not np.allclose(answer.astype(np.float32), features, rtol=0.5)
sys.exit(not (wrong and np.array_equal(answer.view(ml_dtypes.bfloat16).astype(np.float32), features)))
PYTHON
