#!/usr/bin/env bash
# cleanlab's rules for wrong labels differ more than their names suggest, and the best one is not the default.
#
# Seen: 90 of 1,797 digits get another label; logistic regression, five folds, gives out-of-sample probabilities.
# `find_label_issues` finds 88 to 94 % of them with `prune_by_class`, 77 to 88 % with its default `prune_by_noise_rate`, at
# no better precision, and 63 to 77 % with `confident_learning`, the rule named after the method. The two that prune rank
# images of the same estimate of the noise; `confident_learning` flags only those with a confident other class. On 60,000
# images of CIFAR-10 with features of EfficientNetLite0: 94, 87 and 67 %.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check cleanlab==2.9.0 scikit-learn==1.8.0 numpy==2.3.5 \
	pandas==2.3.3
cat >"$folder/look.py" <<'PYTHON'
import sys

import numpy as np
from cleanlab.filter import find_label_issues
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

x, digits = load_digits(return_X_y=True)
model = make_pipeline(StandardScaler(), LogisticRegression(C=0.02, max_iter=500))
as_seen = True
for seed in range(3):
    random = np.random.default_rng(seed)
    wrong = random.permutation(len(digits))[:90]
    labels = digits.copy()
    labels[wrong] = (labels[wrong] + random.integers(1, 10, len(wrong))) % 10
    p = cross_val_predict(model, x, labels, cv=5, method="predict_proba")
    recall = {}
    for rule in ("prune_by_class", "prune_by_noise_rate", "confident_learning"):
        issues = find_label_issues(labels, p, filter_by=rule, n_jobs=1)
        recall[rule] = issues[wrong].mean()
        print(f"{rule}: {issues.sum()} suspects, precision {issues[wrong].sum() / issues.sum():.2f}, recall {recall[rule]:.2f}")
    as_seen &= recall["prune_by_class"] > recall["prune_by_noise_rate"] > recall["confident_learning"] + 0.05
sys.exit(not as_seen)
PYTHON
"$folder/venv/bin/python" "$folder/look.py"
