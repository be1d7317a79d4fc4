#!/usr/bin/env bash
# safetensors.numpy.save writes an array that is no C-contiguous block of memory, such as a transposed kernel.
#
# Seen: 0.7.0 reads back what was written. 0.8.0 reads back other values, with the right shape and without an error: it
# writes the array's memory from its first byte on, whatever the strides say. A kernel transposed on its way from one
# framework's layout to another's becomes noise that still loads. Known: github.com/safetensors/safetensors/issues/825.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat >"$folder/strided.py" <<'PYTHON'
import sys

import numpy as np
import safetensors
from safetensors.numpy import load, save

kernel = np.arange(6, dtype=np.float32).reshape(2, 3)
arrays = {
    "contiguous": kernel,
    "transposed": kernel.T,
    "every second column": kernel[:, ::2],
    "transposed, made contiguous": np.ascontiguousarray(kernel.T),
}
same = [name for name, array in arrays.items() if np.array_equal(load(save({"x": array}))["x"], array)]
print(f"safetensors {safetensors.__version__}, NumPy {np.__version__}: read back as written: {', '.join(same)}")
expected = {
    "0.7.0": list(arrays),
    "0.8.0": ["contiguous", "transposed, made contiguous"],
}
sys.exit(same != expected[safetensors.__version__])
PYTHON
for version in 0.7.0 0.8.0; do
    python3 -m venv "$folder/$version"
    "$folder/$version/bin/pip" install --quiet --disable-pip-version-check "safetensors==$version" numpy==2.3.5
    "$folder/$version/bin/python" "$folder/strided.py"
done
