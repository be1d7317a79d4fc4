#!/usr/bin/env bash
# OpenVINO ignores `antialias` of an ONNX network that resizes its images in linear or cubic mode.
#
# Seen: 320 x 240 pixels resized to 64 x 64 inside the network, as an exported preprocessing does: ONNX Runtime's answer is
# Pillow's to a tenth of a level; OpenVINO's is the one without antialiasing, 20 of 255 levels away on average and 80 at most. Its
# own graph has `antialias: True` and it says nothing. Its steps RESIZE_BILINEAR_PILLOW and RESIZE_BICUBIC_PILLOW are right.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check openvino==2026.4.1 openvino-telemetry==2025.2.0 onnx==1.23.2 onnxruntime==1.32.0 pillow==13.0.0
cd "$folder"
OPENVINO_TELEMETRY=0 venv/bin/python - <<'PYTHON'
import sys

import numpy as np
import onnxruntime
import openvino
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

FILTERS = {"linear": Image.Resampling.BILINEAR, "cubic": Image.Resampling.BICUBIC}
random = np.random.default_rng(0)
blurred = Image.fromarray(random.integers(0, 256, (40, 40), np.uint8)).resize((320, 240), Image.Resampling.BICUBIC)
photo = np.clip(np.asarray(blurred) + random.normal(0, 30, (240, 320)), 0, 255).astype(np.float32)


def resized(mode, antialias):
    """The photo (64, 64) by ONNX Runtime and OpenVINO."""
    options = {"cubic_coeff_a": -0.5, "exclude_outside": 1} if mode == "cubic" else {}
    node = helper.make_node("Resize", ["x", "", "", "size"], ["y"], mode=mode, antialias=antialias, **options)
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in (("x", [1, 1, 240, 320]), ("y", [1, 1, 64, 64]))]
    graph = helper.make_graph([node], "graph", ends[:1], ends[1:], [numpy_helper.from_array(np.array([1, 1, 64, 64]), "size")])
    data = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9).SerializeToString()
    core = openvino.Core()
    compiled = core.compile_model(core.read_model(data), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    return session.run(None, {"x": photo[None, None]})[0][0, 0], compiled([photo[None, None]])[0][0, 0]


seen = {}
for mode, kind in FILTERS.items():
    right = np.asarray(Image.fromarray(photo).resize((64, 64), kind))
    runtime, vino = resized(mode, 1)
    _, without = resized(mode, 0)
    away = [round(float(np.abs(answer - right).mean()), 2) for answer in (runtime, vino)]
    seen[mode] = {"ONNX Runtime": away[0], "OpenVINO": away[1], "OpenVINO as without": bool(np.allclose(vino, without, atol=0.01))}
print(f"OpenVINO {openvino.__version__}, ONNX Runtime {onnxruntime.__version__}: levels away from Pillow: {seen}")
sys.exit(not all(each["ONNX Runtime"] < 0.2 and each["OpenVINO"] > 10 and each["OpenVINO as without"] for each in seen.values()))
PYTHON
