#!/usr/bin/env bash
# One NaN in an array of bfloat16, and NumPy no longer sorts it; `nanmean` is NaN, and `nan_to_num` leaves the NaN.
#
# One would expect what NumPy does for float16: NaN last in a sorted array, left out by the functions named after it. Seen:
# `np.sort` of 3, nan, 1, 2 in bfloat16 gives 3, nan, 1, 2 and `argsort` 0, 1, 2, 3, so of features or scores with one NaN the first
# ten are not the smallest ten; `nanmean` and `nanstd` give NaN, `nan_to_num` returns its input. `bfloat16` is no `np.inexact`, so
# the nan functions take the array for one that can hold no NaN (`lib/_nanfunctions_impl.py`, `_replace_nan`); and ml_dtypes
# compares NaN as equal to every number (`custom_float.h`, `NPyCustomFloat_CompareFunc`), so what stands before it is never
# compared with what stands behind it. `nanmax` is right.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check numpy==2.4.6 ml_dtypes==0.6.0
cd "$folder"
venv/bin/python -W ignore - <<'PYTHON'
import sys

import ml_dtypes
import numpy as np

FUNCTIONS = (np.sort, np.argsort, np.nanmean, np.nan_to_num, np.unique, np.nanmax)


def values(function, kind):
    return np.asarray(function(np.array([3, np.nan, 1, 2]).astype(kind))).astype(np.float32)


same = {function.__name__: bool(np.array_equal(values(function, ml_dtypes.bfloat16), values(function, np.float16), equal_nan=True)) for function in FUNCTIONS}
random = np.random.default_rng(0)
scores = random.permutation(1000).astype(np.float32)
scores[500] = np.nan
first = scores[np.argsort(scores.astype(ml_dtypes.bfloat16), kind="stable")[:10]]
print(f"NumPy {np.__version__}, ml_dtypes {ml_dtypes.__version__}: sort {values(np.sort, ml_dtypes.bfloat16)}, argsort "
      f"{values(np.argsort, ml_dtypes.bfloat16)}, nanmean {values(np.nanmean, ml_dtypes.bfloat16)}, nan_to_num "
      f"{values(np.nan_to_num, ml_dtypes.bfloat16)}; as float16: {same}; the ten smallest of 0 to 999 with one nan: {first}")
sys.exit(same != {"sort": False, "argsort": False, "nanmean": False, "nan_to_num": False, "unique": False, "nanmax": True} or float(first.max()) < 20)
PYTHON
