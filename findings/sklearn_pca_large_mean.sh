#!/usr/bin/env bash
# scikit-learn's PCA, as it chooses its solver, finds wrong components of float32 whose mean is large beside its spread.
#
# Seen: with up to 1,000 columns and ten rows for each, "auto" takes the covariance matrix, and subtracts the mean from the squares
# only. Of 50 columns with a mean of 100 and a spread of 0.05 to 0.2, as of a badly lit camera or a saturated unit, the first
# component gets twelve times its variance and another direction, with no warning. In float64, or centred first, or by the
# solver "full", it is right.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check scikit-learn==1.9.1 numpy==2.4.6
"$folder/venv/bin/python" - <<'PYTHON'
import sys

import numpy as np
import sklearn
from sklearn.decomposition import PCA

spread = np.linspace(0.05, 0.2, 50)
exact = np.random.default_rng(0).normal(100, spread, (5000, 50)).astype(np.float32).astype(np.float64)
x = exact.astype(np.float32)
right = PCA(2).fit(exact)
seen = {}
for name, pca in {"auto": PCA(2).fit(x), "full": PCA(2, svd_solver="full").fit(x), "centred": PCA(2).fit(x - x.mean(axis=0))}.items():
    same = abs(float(pca.components_[0] @ right.components_[0]))
    seen[name] = (round(float(pca.explained_variance_[0] / right.explained_variance_[0]), 2), round(same, 2))
print(f"scikit-learn {sklearn.__version__}: variance of the first component beside float64's, and cosine between both: {seen}")
sys.exit(not (seen["auto"][0] > 2 and seen["auto"][1] < 0.9 and seen["full"] == seen["centred"] == (1, 1)))
PYTHON
