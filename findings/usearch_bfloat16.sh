#!/usr/bin/env bash
# USearch stores vectors as bfloat16 unless told otherwise: an exact search names other nearest neighbours, and `get` returns other numbers.
#
# Seen: 2,000 float32 vectors of 128 numbers around 20 centres. For tight groups, as of copies of one photo, a third of the
# nearest neighbours are wrong although the search is exact, and a few in a hundred for looser ones; with dtype="f32" all are
# right. The type is that of `Index(ndim=...)` where nothing is asked for, whatever that of the array.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check usearch==2.26.6 numpy==2.4.6
cd "$folder"
venv/bin/python - <<'PYTHON'
import sys
from importlib.metadata import version

import numpy as np
from usearch.index import Index


def right(vectors, **options):
    """The share of nearest neighbours, other than a vector itself, that are the nearest, and the type of the index."""
    index = Index(ndim=vectors.shape[1], metric="l2sq", **options)
    index.add(np.arange(len(vectors)), vectors)
    queries = np.arange(300)
    keys = index.search(vectors[queries], 2, exact=True).keys
    found = np.where(keys[:, 0] == queries, keys[:, 1], keys[:, 0])
    distances = np.square(vectors[queries, None].astype(np.float64) - vectors).sum(axis=2)
    distances[queries, queries] = np.inf
    return round(float((found == distances.argmin(axis=1)).mean()), 2), index.dtype.name


random = np.random.default_rng(0)
seen = {}
for spread in (0.1, 0.01):
    centres = random.normal(size=(20, 128))
    vectors = (centres[random.integers(0, 20, 2000)] + spread * random.normal(size=(2000, 128))).astype(np.float32)
    seen[spread] = {"by default": right(vectors), "f32": right(vectors, dtype="f32")}
print(f"USearch {version('usearch')}: nearest neighbours right, by the spread of a group: {seen}")
sys.exit(not (seen[0.01]["by default"][0] < 0.85 and seen[0.01]["by default"][1] == "BF16" and all(each["f32"][0] == 1 for each in seen.values())))
PYTHON
