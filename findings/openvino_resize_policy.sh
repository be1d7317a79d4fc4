#!/usr/bin/env bash
# OpenVINO ignores `keep_aspect_ratio_policy` of an ONNX network that resizes its images: they are stretched.
#
# One would expect the size that ONNX prescribes, or an error for an attribute that is not known. Seen: a photo of 100 x 200 that the
# network itself resizes so that its shorter side is 64 ("not_smaller", the usual first step before a crop in the middle) is 64 x 128
# by ONNX Runtime and 64 x 64 by OpenVINO, squeezed to half its width; "not_larger", before a margin is added, gives 32 x 64 and
# 64 x 64. The crop that follows has the right shape either way, so the network answers about another picture. The attribute is of
# operator set 18; `src/frontends/onnx/frontend/src/op/resize.cpp` reads others.
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
from onnx import TensorProto, helper, numpy_helper


def sizes(policy):
    """The height and width that ONNX Runtime and OpenVINO give the photo."""
    node = helper.make_node("Resize", ["x", "", "", "size"], ["y"], mode="linear", axes=[2, 3], keep_aspect_ratio_policy=policy)
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in (("x", [1, 3, 100, 200]), ("y", None))]
    graph = helper.make_graph([node], "resize", ends[:1], ends[1:], [numpy_helper.from_array(np.array([64, 64]), "size")])
    data = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9).SerializeToString()
    photo = np.zeros((1, 3, 100, 200), np.float32)
    runtime = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"]).run(None, {"x": photo})[0]
    core = openvino.Core()
    return [tuple(answer.shape[2:]) for answer in (runtime, core.compile_model(core.read_model(data), "CPU")([photo])[0])]


seen = {policy: sizes(policy) for policy in ("stretch", "not_smaller", "not_larger")}
print(f"a photo of 100 x 200 by ONNX Runtime {onnxruntime.__version__} and OpenVINO {openvino.__version__}: {seen}")
right = {"stretch": [(64, 64)] * 2, "not_smaller": [(64, 128), (64, 64)], "not_larger": [(32, 64), (64, 64)]}
sys.exit(seen != right)
PYTHON
