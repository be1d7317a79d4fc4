#!/usr/bin/env bash
# zarr drops rows that do not fit where they are written: five into four, or the last ones beyond the end of the array.
#
# Seen: an array of ten rows, as is made for ten images. `array[8:12] = four rows` writes two and says nothing, and `array[0:4] =
# five rows` writes four; with two rows in place of four it raises. NumPy raises in all three cases. Who writes batches one after
# the other into an array that was made too short loses the last rows.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check zarr==3.1.6 numcodecs==0.16.6 numpy==2.4.6
cd "$folder"
venv/bin/python - <<'PYTHON'
import sys

import numpy as np
import zarr

WRITES = {"four rows into 8:12": (slice(8, 12), 4), "five rows into 0:4": (slice(0, 4), 5), "two rows into 0:4": (slice(0, 4), 2)}


def written(array, rows, count):
    """How many rows of this array were written."""
    array[:] = 0
    try:
        array[rows] = np.ones((count, 3), np.float32)
    except ValueError:
        return "raises"
    return int((array[:] == 1).all(axis=1).sum())


seen = {}
for name, write in WRITES.items():
    chunked = zarr.create_array({}, shape=(10, 3), chunks=(4, 3), dtype="float32")
    sharded = zarr.create_array({}, shape=(10, 3), chunks=(4, 3), shards=(8, 3), dtype="float32")
    arrays = {"zarr": chunked, "shards": sharded, "NumPy": np.zeros((10, 3), np.float32)}
    seen[name] = {library: written(array, *write) for library, array in arrays.items()}
print(f"zarr {zarr.__version__}: rows written: {seen}")
right = [{"zarr": 2, "shards": 2, "NumPy": "raises"}, {"zarr": 4, "shards": 4, "NumPy": "raises"}, dict.fromkeys(("zarr", "shards", "NumPy"), "raises")]
sys.exit(list(seen.values()) != right)
PYTHON
