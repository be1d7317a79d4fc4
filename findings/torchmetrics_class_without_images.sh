#!/usr/bin/env bash
# For a class without a single image, torchmetrics's ROC area is 0 and enters the mean; its average precision leaves the class out.
#
# One would expect either to be left out, as scikit-learn asks by raising. Seen: of five classes of which one does not occur in the
# test images, the mean ROC area is 0.751 where that of the four is 0.938, with a
# warning that speaks of "a zero tensor in true positive score"; `MulticlassAveragePrecision` of the same answers is the mean of
# four, and `MulticlassF1Score` counts the class as soon as it was predicted once. So a rare class that missed a small validation
# set costs a fifth of the area of a run and nothing of its average precision. In `functional/classification/roc.py` the rate
# becomes zeros, in `_reduce_average_precision` it stays nan and is skipped.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.13.0 torchmetrics==1.9.0 scikit-learn==1.9.1 numpy==2.4.6
cd "$folder"
venv/bin/python -W ignore - <<'PYTHON'
import sys

import numpy as np
import torch
import torchmetrics
from sklearn.metrics import average_precision_score, roc_auc_score
from torchmetrics.classification import MulticlassAUROC, MulticlassAveragePrecision

random = np.random.default_rng(0)
labels = random.integers(0, 4, 500)
logits = random.normal(0, 0.3, (500, 5)) + np.eye(5)[labels] * 0.6
probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
seen, right = {}, {}
for metric, scikit in ((MulticlassAUROC, roc_auc_score), (MulticlassAveragePrecision, average_precision_score)):
    seen[metric.__name__] = round(float(metric(5)(torch.tensor(probabilities), torch.tensor(labels))), 3)
    right[metric.__name__] = round(float(np.mean([scikit(labels == one, probabilities[:, one]) for one in range(4)])), 3)
print(f"torchmetrics {torchmetrics.__version__}: {seen}; means of the four classes that occur, by scikit-learn: {right}")
area = "MulticlassAUROC"
sys.exit(abs(seen.pop(area) - 0.8 * right[area]) > 0.001 or seen != {name: value for name, value in right.items() if name != area})
PYTHON
