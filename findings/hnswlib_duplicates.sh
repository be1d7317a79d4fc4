#!/usr/bin/env bash
# hnswlib does not find a stored vector, or its hundred copies, where many vectors are stored several times.
#
# Seen: a hundred vectors, each stored a hundred times, as frames of a still camera: asked for one of them, the index answers with
# another in half of the cases, while a hundred at distance 0 are in it. Nodes are linked to their nearest ones, which are all
# copies, and few links lead to another group. Stored once each, all are found; it takes an `ef` above the number of copies.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check hnswlib==0.8.0 numpy==2.4.6
cd "$folder"
venv/bin/python - <<'PYTHON'
import sys
from importlib.metadata import version

import hnswlib
import numpy as np


def found(vectors, queries, ef):
    """The share of queries whose nearest neighbour found is at distance 0."""
    index = hnswlib.Index("l2", vectors.shape[1])
    index.init_index(len(vectors), random_seed=1)
    index.add_items(vectors, num_threads=1)
    index.set_ef(ef)
    return float((index.knn_query(queries, k=1, num_threads=1)[1] == 0).mean())


different = np.random.default_rng(0).normal(size=(100, 64)).astype(np.float32)
copies = np.repeat(different, 100, axis=0)
seen = {ef: (found(different, different, ef), found(copies, different, ef)) for ef in (10, 50, 200)}
print(f"hnswlib {version('hnswlib')}: share of vectors found, stored once and a hundred times, by ef: {seen}")
sys.exit(not (all(once == 1 for once, _ in seen.values()) and max(seen[10][1], seen[50][1]) < 0.7))
PYTHON
