#!/usr/bin/env bash
# `with_format("jax")` of datasets changes large whole numbers without a word: the id 3,000,000,000 becomes -1,294,967,296.
#
# One would expect an error, which `jnp.asarray` of a Python number of that size raises, or a warning. Seen: ids of images, hashes and
# times in nanoseconds come back modulo 2**32, so two images can get one id: 7 and 4,294,967,303 do. With `with_format("numpy")` a
# column of float64 is float32 where many rows are read and float64 where one is, so a score differs from itself: `rows[0]["score"]`
# is not `rows[:]["score"][0]`. The formatters cast: `formatting/jax_formatter.py` to int32 unless `jax_enable_x64` is set, and
# `np_formatter.py` every array of floats to float32, but not a single number.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check datasets==5.2.0 jax==0.10.2 numpy==2.4.6
cd "$folder"
HF_HUB_OFFLINE=1 HF_HOME="$folder" JAX_PLATFORMS=cpu venv/bin/python -W error::UserWarning - <<'PYTHON'
import sys

import datasets
import jax.numpy as jnp
import numpy as np

rows = datasets.Dataset.from_dict({"id": [7, 4_294_967_303, 3_000_000_000], "score": [0.1, 0.2, 0.3]})
ids = {name: np.asarray(rows.with_format(name)[:]["id"]).tolist() for name in ("jax", "numpy")}
try:
    jnp.asarray(3_000_000_000)
    alone = "accepted"
except OverflowError:
    alone = "OverflowError"
score = rows.with_format("numpy")
one, many = score[0]["score"], score[:]["score"][0]
print(f"datasets {datasets.__version__}: ids {rows[:]['id']}: {ids}; jnp.asarray of 3,000,000,000: {alone}; the first score of "
      f"NumPy's format in one row {one!r}, in all {many!r}, equal {bool(one == many)}")
sys.exit(ids != {"jax": [7, 7, -1_294_967_296], "numpy": rows[:]["id"]} or alone == "accepted" or bool(one == many))
PYTHON
