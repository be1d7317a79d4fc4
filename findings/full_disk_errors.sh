#!/usr/bin/env bash
# A disk that is full is said in four ways, and only one of them can be found by the number of the error.
#
# Seen: writing 8 MB where 1 MB is allowed, a plain file raises OSError with its errno. NumPy raises an OSError without one
# ("1048576 requested and 131056 written"), safetensors a SafetensorError that is no OSError, and OpenVINO a RuntimeError that
# names neither file nor reason: "basic_ios::clear: iostream error". Code that catches OSError, or looks at errno, takes the
# last two for a fault of the data or the network. (A limit on the size of files stands in for the disk.)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check numpy==2.3.5 safetensors==0.8.0 openvino==2026.4.1 \
	openvino-telemetry==2025.2.0
cat >"$folder/look.py" <<'PYTHON'
import sys

import numpy as np
import openvino
from openvino import opset13 as op
from safetensors.numpy import save_file

values = np.ones((1024, 1024), np.float64)
x = op.parameter([1, 1024], np.float64)
model = openvino.Model([op.matmul(x, op.constant(values), False, False)], [x])


def plain() -> None:
    with open("plain", "wb", buffering=0) as file:
        for row in values:
            file.write(row.tobytes())


seen = {}
for name, write in {
    "plain": plain,
    "numpy": lambda: np.save("array.npy", values),
    "safetensors": lambda: save_file({"values": values}, "values.safetensors"),
    "openvino": lambda: openvino.save_model(model, "model.xml", compress_to_fp16=False),
}.items():
    try:
        write()
    except Exception as error:
        seen[name] = (type(error).__name__, getattr(error, "errno", None) is not None)
        print(f"{name}: {type(error).__name__}, errno {getattr(error, 'errno', None)}: {str(error)[:90]}")
sys.exit(
    seen
    != {
        "plain": ("OSError", True),
        "numpy": ("OSError", False),
        "safetensors": ("SafetensorError", False),
        "openvino": ("RuntimeError", False),
    }
)
PYTHON
cd "$folder"
ulimit -f 1024 # blocks of 1,024 bytes
OPENVINO_TELEMETRY=0 venv/bin/python look.py
