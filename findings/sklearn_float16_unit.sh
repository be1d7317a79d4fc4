#!/usr/bin/env bash
# scikit-learn's `normalize` makes zeros of float16 features whose length is above 256; `cosine_similarity` does not.
#
# Seen: the squares are summed in float16, whose largest number is 65,504, and what is divided by inf is 0: 2,048 features of 10, a
# length of 453, become a zero vector, at the same distance from all others. Features of length 45 are right. `Normalizer` does the
# same, while `cosine_similarity` and `euclidean_distances` of the same array compute in more bits. Nothing warns.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check scikit-learn==1.9.1 numpy==2.4.6
cd "$folder"
venv/bin/python - <<'PYTHON'
import sys
import warnings

import numpy as np
import sklearn
from sklearn.metrics.pairwise import cosine_similarity, euclidean_distances
from sklearn.preprocessing import Normalizer, normalize

warnings.simplefilter("error")
seen = {}
for value in (1, 10):
    features = np.full((2, 2048), value, np.float16)
    seen[value] = {
        "normalize": round(float(np.linalg.norm(normalize(features)[0].astype(np.float32))), 2),
        "Normalizer": round(float(np.linalg.norm(Normalizer().fit_transform(features)[0].astype(np.float32))), 2),
        "cosine": round(float(cosine_similarity(features)[0, 1]), 2),
        "distance to zero": round(float(euclidean_distances(features, 0 * features)[0, 0])),
    }
print(f"scikit-learn {sklearn.__version__}: lengths, cosine and distance of 2,048 features of 1 and of 10 in float16: {seen}")
sys.exit(list(map(list, map(dict.values, seen.values()))) != [[1, 1, 1, 45], [0, 0, 1, 453]])
PYTHON
