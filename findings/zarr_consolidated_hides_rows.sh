#!/usr/bin/env bash
# After consolidate_metadata, rows and arrays that are added to a zarr group cannot be seen by whoever opens the group next.
#
# Seen: a group with one array is consolidated, which is done to open it quickly, and more is written later. `append` answers with
# the new length, and opening the array itself shows all rows; opening the group shows the old length and no new array, for
# reading and for writing. Whoever goes on appending from there writes over the rows that are hidden.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check zarr==3.1.6 numcodecs==0.16.6 numpy==2.4.6
cd "$folder"
venv/bin/python - <<'PYTHON'
import sys
import warnings

import numpy as np
import zarr

warnings.simplefilter("ignore")  # that other programs may not know consolidated metadata
group = zarr.open_group("features", mode="w")
group.create_array("images", shape=(4,), chunks=(4,), dtype="float32")[:] = 1
zarr.consolidate_metadata("features")

zarr.open_group("features", mode="a")["images"].append(np.full(4, 2, np.float32))
zarr.open_group("features", mode="a").create_array("labels", shape=(8,), dtype="int32")
seen = {
    "rows, by the group": zarr.open_group("features", mode="a")["images"].shape[0],
    "rows, by the array": zarr.open_array("features/images", mode="r").shape[0],
    "arrays": sorted(zarr.open_group("features", mode="r").keys()),
}
zarr.open_group("features", mode="a")["images"].append(np.full(4, 3, np.float32))
seen["after four more"] = zarr.open_array("features/images", mode="r")[:].astype(int).tolist()
print(f"zarr {zarr.__version__}: {seen}")
sys.exit(list(seen.values()) != [4, 8, ["images"], [1, 1, 1, 1, 3, 3, 3, 3]])
PYTHON
