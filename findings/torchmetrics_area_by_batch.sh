#!/usr/bin/env bash
# The ROC area of cosine similarities, by torchmetrics, depends on how they were divided into batches.
#
# One would expect the area to depend on the order of the scores alone, as scikit-learn's. Seen: a batch with a score outside 0..1
# is taken for logits and passed through a sigmoid, other batches are left as they are (`normalize_logits_if_needed`, called on
# each `update`), so a similarity of -0.01 becomes 0.4975, above a true pair at 0.4. Of 1,000 pairs of images of which 6 % are below
# zero the area is 0.79 in one call and 0.70 in batches of ten. The documents speak of a sigmoid, not of its being decided
# for each batch anew. Average precision, calibration and the multiclass scores share it; `(similarity + 1) / 2` avoids it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.13.0 torchmetrics==1.9.0 scikit-learn==1.9.1 numpy==2.4.6
cd "$folder"
venv/bin/python - <<'PYTHON'
import sys

import numpy as np
import torch
import torchmetrics
from sklearn.metrics import roc_auc_score
from torchmetrics.classification import BinaryAUROC


def area(scores, size):
    """The area of these scores, told to the metric in batches of this size."""
    metric = BinaryAUROC()
    for start in range(0, len(scores), size):
        metric.update(torch.tensor(scores[start : start + size]), torch.tensor(same[start : start + size]))
    return round(float(metric.compute()), 3)


random = np.random.default_rng(0)
same = random.integers(0, 2, 1000)
similarity = np.clip(random.normal(0.25, 0.2, 1000) + 0.2 * same, -1, 1).astype(np.float32)
seen = {size: area(similarity, size) for size in (1000, 100, 10, 1)}
moved = {size: area((similarity + 1) / 2, size) for size in (1000, 10)}
right = round(roc_auc_score(same, similarity), 3)
print(f"torchmetrics {torchmetrics.__version__}: {np.mean(similarity < 0):.1%} below zero, scikit-learn {right}, by the size of a "
      f"batch {seen}; of (similarity + 1) / 2: {moved}")
sys.exit(seen[1000] != right or set(moved.values()) != {right} or seen[10] > right - 0.05)
PYTHON
