#!/usr/bin/env bash
# h5py clips numbers that do not fit the type of a dataset, where NumPy and zarr wrap them: label -1 becomes class 0.
#
# Seen: -1, 300 and nan written to a dataset of uint8 are 0, 255 and 0, without a warning; in a NumPy array and in zarr -1 is 255
# and 300 is 44. So images marked "-1, no label yet" are images of the first class once they are in an HDF5 file, and 255 in zarr.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check h5py==3.14.0 zarr==3.1.6 numcodecs==0.16.6 numpy==2.4.6
cd "$folder"
venv/bin/python - <<'PYTHON'
import sys
import warnings

import h5py
import numpy as np
import zarr

WRITTEN = {"uint8": [-1, 300, 3], "int8": [-200, 200, 3], "int16": [-70000, 70000, 3]}
seen = {}
with h5py.File("labels.h5", "w") as file, warnings.catch_warnings():
    warnings.simplefilter("error")
    for dtype, values in WRITTEN.items():
        values = np.array(values)
        arrays = {
            "h5py": file.create_dataset(dtype, shape=(3,), dtype=dtype),
            "zarr": zarr.create_array({}, shape=(3,), dtype=dtype),
            "NumPy": np.empty(3, dtype),
        }
        for name, array in arrays.items():
            array[:] = values
        seen[dtype] = {name: array[:].tolist() for name, array in arrays.items()}
    seen["nan"] = file.create_dataset("nan", data=np.array([np.nan, 2.7]), dtype="uint8")[:].tolist()
print(f"h5py {h5py.__version__}: {WRITTEN} become {seen}")
sys.exit(
    seen["uint8"] != {"h5py": [0, 255, 3], "zarr": [255, 44, 3], "NumPy": [255, 44, 3]}
    or seen["int8"]["h5py"] != [-128, 127, 3]
    or seen["nan"] != [0, 2]
)
PYTHON
