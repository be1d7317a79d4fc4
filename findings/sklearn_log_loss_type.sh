#!/usr/bin/env bash
# scikit-learn's log loss depends on the type in which the same probabilities are stored.
#
# Seen: a probability of 0 is replaced by the epsilon of its type. One image of 100 whose class got 0, as a saturated softmax or
# nearest neighbours give it, adds 36 / 100 in float64, 16 / 100 in float32 and 7 / 100 in float16: the log loss of one network is
# 0.37, 0.17 or 0.08, and the one that kept the fewest digits ranks first.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check scikit-learn==1.9.1 numpy==2.4.6
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import sys

import numpy as np
import sklearn
from sklearn.metrics import log_loss

labels = np.repeat([0, 1], 50)
probabilities = np.where(labels[:, None] == [0, 1], 0.99, 0.01)
probabilities[0] = 0, 1
seen = {kind: round(log_loss(labels, probabilities.astype(kind)), 3) for kind in ("float64", "float32", "float16")}
print(f"scikit-learn {sklearn.__version__}: {seen}")
sys.exit(not (abs(seen["float64"] - 0.37) < 0.01 and abs(seen["float32"] - 0.169) < 0.01 and abs(seen["float16"] - 0.079) < 0.01))
PYTHON
