#!/usr/bin/env bash
# NumPy sums bfloat16 in bfloat16: the mean of a thousand ones is 0.256.
#
# Seen: the sum stays at 256, since 257 has no place in the 8 bits of a bfloat16, and so does that of every longer array, along
# either axis. A standard deviation of 1 becomes 0.5. Means of float16 are right, for which NumPy has float32 inside, as are
# products of matrices of bfloat16. Nothing warns.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check numpy==2.4.6 ml_dtypes==0.6.0
"$folder/venv/bin/python" - <<'PYTHON'
import sys

import ml_dtypes
import numpy as np

seen = {}
for kind in (np.float16, ml_dtypes.bfloat16):
    features = np.ones((1000, 4), kind)
    normal = np.random.default_rng(0).normal(size=10_000).astype(kind)
    seen[np.dtype(kind).name] = {
        "mean by column": float(features.mean(axis=0)[0]),
        "mean by row": float(features.T.mean(axis=1)[0]),
        "product": float((features.T @ features)[0, 0]),
        "deviation": round(float(normal.std()), 2),
    }
print(f"NumPy {np.__version__}, ml_dtypes {ml_dtypes.__version__}: of a thousand ones, and the deviation of normal numbers: {seen}")
half, brain = seen.values()
means = brain["mean by column"], brain["mean by row"]
sys.exit(not (half["mean by column"] == half["deviation"] == 1 and max(means) < 0.26 and brain["deviation"] < 0.6))
PYTHON
