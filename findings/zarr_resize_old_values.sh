#!/usr/bin/env bash
# A zarr array that is made shorter and longer again has old values in some of its new rows, and zeros in the others.
#
# Seen: `resize` deletes the chunks beyond the new end, and leaves alone the chunk in which the end is. Of ten rows in chunks of four,
# cut to five and enlarged to ten, rows six to eight are those of before and nine and ten are empty; with shards, those of a whole
# shard come back. Who cuts off rows that are wrong, and tells by zeros which must be computed, keeps some of them.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check zarr==3.1.6 numcodecs==0.16.6 numpy==2.4.6
"$folder/venv/bin/python" - <<'PYTHON'
import sys

import numpy as np
import zarr

seen = {}
for shards in (None, (8,)):
    array = zarr.create_array({}, shape=(10,), chunks=(4,), shards=shards, dtype="float32", fill_value=0)
    array[:] = np.arange(1, 11)
    array.resize((5,))
    array.resize((10,))
    seen["no shards" if shards is None else "shards of 8"] = array[:].astype(int).tolist()
print(f"zarr {zarr.__version__}: 1 to 10 in chunks of 4, cut to 5 rows and enlarged to 10: {seen}")
sys.exit(seen["no shards"] != [1, 2, 3, 4, 5, 6, 7, 8, 0, 0] or seen["shards of 8"] != [1, 2, 3, 4, 5, 6, 7, 8, 0, 0])
PYTHON
