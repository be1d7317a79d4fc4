#!/usr/bin/env bash
# `train_test_split(stratify=)` of scikit-learn draws other test images, with the same seed, when a class gets another name.
#
# One would expect a fixed `random_state` to select the same rows, since which images there are, and which belong together, is
# unchanged. Seen: of 120 test images of three classes, 28 remain after "car" was renamed "vehicle", which sorts last, and 21 where
# the labels are numbers by first appearance; "automobile" keeps all. One corrected label leaves half. Images that a saved network was
# trained on so become test images of the next. The classes are drawn one after the other, in sorted order, from one generator
# (`_split.py`, `StratifiedShuffleSplit._iter_indices`). `StratifiedKFold` numbers the classes by appearance, so that its folds
# outlive any name, though not a corrected label either.
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
from sklearn.model_selection import StratifiedKFold, train_test_split

names = np.random.default_rng(0).permutation(np.repeat(["car", "cat", "dog"], [300, 100, 200]))
corrected = names.copy()
corrected[np.flatnonzero(names == "car")[0]] = "cat"
seen_first = list(dict.fromkeys(names.tolist()))
variants = {
    "car is automobile": np.where(names == "car", "automobile", names),
    "car is vehicle": np.where(names == "car", "vehicle", names),
    "numbers by first appearance": np.array([seen_first.index(name) for name in names]),
    "one label corrected": corrected,
}


def drawn(labels):
    return set(train_test_split(np.arange(len(labels)), test_size=0.2, stratify=labels, random_state=0)[1].tolist())


def fold(labels):
    return set(next(StratifiedKFold(5, shuffle=True, random_state=0).split(labels, labels))[1].tolist())


kept = {name: len(drawn(names) & drawn(labels)) for name, labels in variants.items()}
folds = {name: len(fold(names) & fold(labels)) for name, labels in variants.items()}
print(f"scikit-learn {sklearn.__version__}: of {len(drawn(names))} test images remain {kept}; of a fold of {len(fold(names))}: {folds}")
moved = kept["car is vehicle"] < 40 and kept["numbers by first appearance"] < 40 and kept["one label corrected"] < 80
steady = all(folds[name] == 120 for name in list(variants)[:3]) and folds["one label corrected"] < 80
sys.exit(not (kept["car is automobile"] == 120 and moved and steady))
PYTHON
