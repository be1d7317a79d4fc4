#!/usr/bin/env bash
# torchmetrics counts a relevant image as not relevant if its score is below zero, in four of its retrieval metrics.
#
# One would expect a metric of ranks to stay the same when 2 is added to, or taken from, every score. Seen: `RetrievalMAP`,
# `RetrievalMRR`, `RetrievalPrecision` and `RetrievalRecall` set the target of each image whose score is not above zero to 0, and
# are all 0 for scores such as negative distances, the usual way to rank neighbours; of cosine similarities around zero the average
# precision is wrong by some points either way, since its own denominator shrinks. `RetrievalNormalizedDCG`, `RetrievalHitRate`
# and `RetrievalAUROC` do not. It is one line, `target = torch.where(preds > 0, target, 0)`, as pull request 3104 of
# Lightning-AI/torchmetrics discusses; its documents ask for "probabilities" and do not say what becomes of others.
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
import torchmetrics.retrieval as retrieval
from sklearn.metrics import average_precision_score

random = np.random.default_rng(0)
scores, relevant = random.uniform(-1, 1, 1000).astype(np.float32), (random.uniform(size=1000) < 0.2).astype(int)
queries = np.repeat(np.arange(50), 20)
seen = {}
for name in ("MAP", "MRR", "Precision", "Recall", "NormalizedDCG", "HitRate", "AUROC"):
    measure = getattr(retrieval, f"Retrieval{name}")
    seen[name] = [
        round(float(measure()(torch.tensor(scores + moved), torch.tensor(relevant), indexes=torch.tensor(queries))), 3) for moved in (0, 2, -2)
    ]
each = [average_precision_score(relevant[queries == query], scores[queries == query]) for query in range(50) if relevant[queries == query].any()]
right = round(sum(each) / 50, 3)  # as the metric, which counts a query without a relevant image as 0
print(f"torchmetrics {torchmetrics.__version__}: of scores in -1..1, of these + 2, and - 2: {seen}; average precision by scikit-learn {right}")
wrong = [name for name, values in seen.items() if values[2] == 0 and len(set(values)) > 1]
sys.exit(wrong != ["MAP", "MRR", "Precision", "Recall"] or seen["MAP"][1] != right or seen["MAP"][0] == right)
PYTHON
