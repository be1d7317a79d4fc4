#!/usr/bin/env bash
# OpenVINO gives some maps of a max pooling one row and column too many, with the value -3.4e38.
#
# One would expect ONNX's rule, that a window which would begin beyond the image is left out, as PyTorch and ONNX Runtime do. Seen: with
# `ceil_mode=1`, a kernel of 1 and a step of 2, which is how residual networks shorten a shortcut, a map of 4 x 4 becomes 3 x 3 in
# place of 2 x 2, and with a kernel of 2, a step of 2 and a margin of 1 one of 5 x 5 becomes 4 x 4 in place of 3 x 3. The extra values
# are the lowest float32, which the following layers make infinite or, by ReLU, zero: means over the map are wrong. Nothing warns.
# ONNX states the rule since operator set 22, and has it as the test `test_maxpool_2d_ceil_output_size_reduce_by_one`.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check openvino==2026.4.1 openvino-telemetry==2025.2.0 onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6
cd "$folder"
OPENVINO_TELEMETRY=0 venv/bin/python - <<'PYTHON'
import sys

import numpy as np
import onnxruntime
import openvino
from onnx import TensorProto, helper


def pooled(size, kernel, margin):
    """A map of this size by ONNX Runtime and OpenVINO."""
    node = helper.make_node("MaxPool", ["x"], ["y"], kernel_shape=[kernel] * 2, strides=[2, 2], pads=[margin] * 4, ceil_mode=1)
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in (("x", [1, 1, size, size]), ("y", None))]
    graph = helper.make_graph([node], "pooling", ends[:1], ends[1:])
    data = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 22)], ir_version=10).SerializeToString()
    values = np.random.default_rng(0).random((1, 1, size, size), np.float32)
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    core = openvino.Core()
    answer = core.compile_model(core.read_model(data), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})([values])[0]
    return session.run(None, {"x": values})[0][0, 0], answer[0, 0]


seen, wrong = {}, True
for case in ((4, 1, 0), (5, 2, 1), (4, 3, 1)):
    runtime, vino = pooled(*case)
    seen["size {}, kernel {}, margin {}".format(*case)] = f"{runtime.shape}, {vino.shape} with a minimum of {vino.min():.3g}"
    cut = vino[: len(runtime), : len(runtime)]
    wrong &= np.array_equal(cut, runtime) and (case[1] == 3 or (len(vino) == len(runtime) + 1 and vino.min() < -3e38))
print(f"ONNX Runtime {onnxruntime.__version__}, OpenVINO {openvino.__version__}: {seen}")
sys.exit(not wrong)
PYTHON
