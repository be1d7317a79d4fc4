#!/usr/bin/env bash
# safetensors gives a bfloat16 tensor to NumPy only in a process in which some other import taught NumPy that type.
#
# Seen (0.8.0): `safe_open(path, framework="numpy").get_tensor(name)` of a BF16 tensor ends in "data type 'bfloat16' not
# understood", a TypeError, and works after `import ml_dtypes`, which nobody names: TensorFlow and JAX import it. So the
# same call on the same file depends on what was imported before. `get_slice(name).get_shape()` always works, so a check of
# the shapes passes first.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check safetensors==0.8.0 numpy==2.4.6 ml-dtypes==0.6.0
cat >"$folder/seen.py" <<'PYTHON'
import json
import struct
import sys

import numpy as np
from safetensors import safe_open

header = json.dumps({"weight": {"dtype": "BF16", "shape": [2], "data_offsets": [0, 4]}}).encode()
with open("model.safetensors", "wb") as file:  # 1.0 and 2.0
    file.write(struct.pack("<Q", len(header)) + header + np.array([0x3F80, 0x4000], np.uint16).tobytes())


def read():
    with safe_open("model.safetensors", framework="numpy") as file:
        print("shape", file.get_slice("weight").get_shape())
        return file.get_tensor("weight")


try:
    read()
    before = ""
except TypeError as error:
    before = str(error)
assert "ml_dtypes" not in sys.modules
import ml_dtypes  # noqa: E402

after = read()
print(f"before: {before!r}; after importing ml_dtypes {ml_dtypes.__version__}: {after.dtype} {after.astype(np.float32)}")
assert "bfloat16" in before and after.astype(np.float32).tolist() == [1.0, 2.0]
PYTHON
(cd "$folder" && "$folder/venv/bin/python" seen.py)
echo "As seen: safetensors 0.8.0, NumPy 2.4.6, ml_dtypes 0.6.0"
