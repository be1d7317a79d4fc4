#!/usr/bin/env bash
# zarr's open_array(mode="a", shape=..., dtype=...) ignores the shape, the type and the fill value if the array exists.
#
# Seen: an array of ten whole numbers exists, and one of twenty float32 with nan for missing rows is asked for: the old one comes
# back, without a word. Written to it, 0.9 becomes 0, and the rows beyond the tenth are dropped. `create_array` raises, and so
# does `require_array` of a group.
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

ASKED = {"shape": (20,), "dtype": "float32", "fill_value": float("nan")}
group = zarr.open_group("features", mode="w")
group.create_array("scores", shape=(10,), chunks=(10,), dtype="int32", fill_value=0)
array = zarr.open_array("features/scores", mode="a", **ASKED)
array[:20] = np.full(20, 0.9, np.float32)
seen = {"open_array": (array.shape, str(array.dtype), float(array.fill_value)), "0.9 became": array[:].tolist()}
for name, ask in {"create_array": group.create_array, "require_array": group.require_array}.items():
    try:
        ask("scores", **ASKED)
        seen[name] = "nothing"
    except (ValueError, TypeError) as error:
        seen[name] = type(error).__name__
print(f"zarr {zarr.__version__}: asked for (20,) float32 nan: {seen}")
sys.exit(seen["open_array"] != ((10,), "int32", 0.0) or seen["0.9 became"] != [0] * 10 or "nothing" in seen.values())
PYTHON
