#!/usr/bin/env bash
# A 16-bit TIFF in the byte order of a Mac, read by Pillow, is another picture for ONNX Runtime and for an OpenVINO tensor.
#
# Seen: Pillow gives such a file to NumPy as ">u2", with the right values. ONNX Runtime looks at the kind and size of the type and not at
# its byte order, and takes the bytes as they are: 1 becomes 256. So does `openvino.Tensor`; a compiled model called with the
# array converts it. FITS files and zarr arrays can have that order, too. Nothing raises.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check numpy==2.4.6 pillow==13.0.0 onnx==1.23.2 onnxruntime==1.32.0 openvino==2026.4.1 openvino-telemetry==2025.2.0
cd "$folder"
OPENVINO_TELEMETRY=0 venv/bin/python - <<'PYTHON'
import sys

import numpy as np
import onnxruntime
import openvino
from onnx import TensorProto, helper
from PIL import Image

Image.frombytes("I;16B", (4, 1), np.array([1, 2, 256, 1000], ">u2").tobytes()).save("photo.tif")
pixels = np.asarray(Image.open("photo.tif"))
ends = [helper.make_tensor_value_info(name, kind, [1, 4]) for name, kind in (("x", TensorProto.UINT16), ("y", TensorProto.FLOAT))]
graph = helper.make_graph([helper.make_node("Cast", ["x"], ["y"], to=TensorProto.FLOAT)], "graph", ends[:1], ends[1:])
data = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9).SerializeToString()
core = openvino.Core()
compiled = core.compile_model(core.read_model(data), "CPU")
session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
answers = {
    "NumPy": pixels,
    "ONNX Runtime": session.run(None, {"x": pixels})[0],
    "OpenVINO, array": compiled([pixels])[0],
    "OpenVINO, tensor": openvino.Tensor(pixels).data,
}
seen = {name: answer.ravel().astype(int).tolist() for name, answer in answers.items()}
print(f"ONNX Runtime {onnxruntime.__version__}, OpenVINO {openvino.__version__}: pixels {pixels.dtype.str}: {seen}")
right, swapped = [1, 2, 256, 1000], [256, 512, 1, 59395]
sys.exit(list(seen.values()) != [right, swapped, right, swapped])
PYTHON
