#!/usr/bin/env bash
# Keras's AUC looks at 200 fixed thresholds between 0 and 1, and is 0.5 for a perfect ranking that lies between two of them.
#
# Seen: scores that rank all images rightly have an area of 1.0 in scikit-learn and in Keras, 0.5 in Keras once they are all
# below 0.004 or above 0.999, as those of an overconfident network. For a class of 2 in 1,000 with an area of 0.98, whose scores
# are small because it is rare, Keras says less than 0.85. Neither warns, and it is the metric that picks a checkpoint.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check keras==3.15.1 tensorflow-cpu==2.21.0 scikit-learn==1.9.1
cd "$folder"
TF_CPP_MIN_LOG_LEVEL=3 CUDA_VISIBLE_DEVICES= venv/bin/python - 2>errors <<'PYTHON' || { cat errors; exit 1; }
import sys

import keras
import numpy as np
from sklearn.metrics import roc_auc_score


def areas(labels, scores):
    metric = keras.metrics.AUC()
    metric.update_state(labels, scores.astype("float32"))
    return round(float(metric.result()), 3), round(roc_auc_score(labels, scores), 3)


random = np.random.default_rng(0)
ranked = np.sort(random.uniform(0, 1, 2000))
rare = random.random(100_000) < 0.002
logits = random.normal(size=100_000) + 3 * rare - 8
seen = {
    "0 to 1": areas(ranked > 0.5, ranked),
    "0 to 0.004": areas(ranked > 0.5, 0.004 * ranked),
    "0.999 to 1": areas(ranked > 0.5, 0.999 + 0.001 * ranked),
    "rare class": areas(rare, 1 / (1 + np.exp(-logits))),
}
print(f"Keras {keras.__version__}: area by Keras and by scikit-learn: {seen}")
sys.exit(not (seen["0 to 1"] == (1, 1) and seen["0 to 0.004"] == seen["0.999 to 1"] == (0.5, 1) and seen["rare class"][0] < 0.85))
PYTHON
