#!/usr/bin/env bash
# A network quantised by ONNX Runtime's quantize_dynamic answers differently about an image, depending on which images are in its batch.
#
# Seen: the scale of the activations is that of the whole batch. A small network agrees with its float32 original about 98 of 100
# inputs, one at a time; with one input in the batch that is twenty times as large, about less than 90. So an odd image spoils the
# answers about its neighbours, and an accuracy depends on the batch size. LiteRT's dynamic quantisation has a scale for each
# image.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check onnxruntime==1.32.0 onnx==1.23.2 numpy==2.4.6
cd "$folder"
 venv/bin/python - 2>errors <<'PYTHON' || { cat errors; exit 1; }
import sys

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import quantize_dynamic

random = np.random.default_rng(0)
first, second = (random.normal(size=shape).astype(np.float32) / 8 for shape in ((64, 64), (64, 10)))
nodes = [
    helper.make_node("MatMul", ["x", "first"], ["a"]),
    helper.make_node("Relu", ["a"], ["b"]),
    helper.make_node("MatMul", ["b", "second"], ["y"]),
]
ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [None, size]) for name, size in (("x", 64), ("y", 10))]
weights = [numpy_helper.from_array(first, "first"), numpy_helper.from_array(second, "second")]
graph = helper.make_graph(nodes, "graph", ends[:1], ends[1:], weights)
onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), "network.onnx")
quantize_dynamic("network.onnx", "quantised.onnx")
network, quantised = (onnxruntime.InferenceSession(f"{name}.onnx") for name in ("network", "quantised"))

images = random.normal(size=(500, 64)).astype(np.float32)
right = network.run(None, {"x": images})[0].argmax(axis=1)
answers = {
    "alone": np.concatenate([quantised.run(None, {"x": image[None]})[0] for image in images]),
    "all at once": quantised.run(None, {"x": images})[0],
    "beside a large one": quantised.run(None, {"x": np.concatenate([images, 20 * images[:1]])})[0][:500],
}
seen = {name: float((answer.argmax(axis=1) == right).mean()) for name, answer in answers.items()}
changed = float((answers["alone"].argmax(axis=1) != answers["beside a large one"].argmax(axis=1)).mean())
print(f"ONNX Runtime {onnxruntime.__version__}: answers as of the network in float32: {seen}; changed by the large one: {changed}")
sys.exit(not (seen["alone"] > 0.95 and seen["beside a large one"] < 0.92 and changed > 0.08))
PYTHON
