#!/usr/bin/env bash
# A whitened PCA of fewer images than features makes numbers of a million of each new image.
#
# Seen: 50 images of 1,280 features in float32. The mean takes one dimension, so the 50th component has no variance but rounding
# errors; it is divided by their root, and a new image has 700,000 there (in float64 some 1e14) where the others are of the order
# of 1. On a planted task the nearest neighbours by all 50 components are right about two classes by chance, and by the first 49
# nearly always. `n_components=None` keeps it, and nothing is said.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check scikit-learn==1.9.1 numpy==2.4.6
cd "$folder"
venv/bin/python - <<'PYTHON'
import sys

import numpy as np
import sklearn
from sklearn.decomposition import PCA
from sklearn.neighbors import KNeighborsClassifier

random = np.random.default_rng(0)
labels, new_labels = random.integers(0, 2, 50), random.integers(0, 2, 500)
direction = random.normal(size=1280)


def images(labels):
    return (random.normal(size=(len(labels), 1280)) + 0.6 * np.outer(2 * labels - 1, direction)).astype(np.float32)


known, new = images(labels), images(new_labels)
seen = {}
for components in (None, 49):
    pca = PCA(components, whiten=True, random_state=0).fit(known)
    places = pca.transform(new)
    knn = KNeighborsClassifier(5).fit(pca.transform(known), labels)
    seen[pca.n_components_] = (float(places[:, -1].std()), round(float(places[:, :49].std()), 2), float(knn.score(places, new_labels)))
print(f"scikit-learn {sklearn.__version__}: by components: spread of new images in the last and the first 49, accuracy: {seen}")
sys.exit(not (seen[50][0] > 1e4 and seen[50][1] < 10 and seen[50][2] < 0.65 and seen[49][2] > 0.8))
PYTHON
