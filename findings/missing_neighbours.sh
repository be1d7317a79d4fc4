#!/usr/bin/env bash
# PyNNDescent fills up neighbours that it did not find with a point that exists, at distance inf; USearch with number 0, at nan.
#
# Seen: ten tight classes of 30 images: asked for 50 neighbours, PyNNDescent finds the 30 of the same class, and gives one and the
# same image of another class 20 times, at distance inf: two fifths of the neighbours, and the index is a valid one, where its own
# `neighbor_graph` has -1. USearch, of five vectors asked for ten, gives number 0 five times, at distance nan (its `counts` says
# five). Code that reads the indices alone, as a vote of neighbours does, counts images that were never found.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pynndescent==0.7.0 usearch==2.26.6 numpy==2.4.6
"$folder/venv/bin/python" - <<'PYTHON'
import sys
from importlib.metadata import version

import numpy as np
from pynndescent import NNDescent
from usearch.index import Index

random = np.random.default_rng(0)
features = np.repeat(random.normal(0, 20, (10, 64)), 30, axis=0) + random.normal(size=(300, 64))
features = features.astype(np.float32)
found, distances = NNDescent(features, n_neighbors=15, random_state=0).query(features, 50)
missing = np.isinf(distances)
few = Index(ndim=64, metric="cos")
few.add(np.arange(5), features[::60])
matches = few.search(features[60:180:60], 10)
print(
    f"PyNNDescent {version('pynndescent')}: {missing.mean():.0%} of neighbours at distance inf, all of them {np.unique(found[missing])}; "
    f"USearch {version('usearch')}: {matches.keys[0].tolist()} at {matches.distances[0].round(2).tolist()}"
)
sys.exit(
    not (missing.mean() > 0.3 and (found >= 0).all() and len(np.unique(found[missing])) == 1)
    or not (np.isnan(matches.distances[:, 5:]).all() and (matches.keys[:, 5:] == 0).all())
)
PYTHON
