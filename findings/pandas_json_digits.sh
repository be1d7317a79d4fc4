#!/usr/bin/env bash
# pandas writes ten decimals of a number as JSON: a probability of 3e-12 becomes 0, and its log loss infinite.
#
# Seen: `to_json` rounds to ten decimals, not digits, unless it is given `double_precision=15`, the most it takes, which still
# changes 9 in 10 of the numbers a little; `to_csv` and Python's `json` change none. A thousand probabilities of a network that is
# sure and once wrong have a log loss of 0.08; read back from JSON, of infinity.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pandas==3.1.1 numpy==2.4.6
cd "$folder"
venv/bin/python - <<'PYTHON'
import io
import json
import sys

import numpy as np
import pandas as pd

probabilities = np.random.default_rng(0).uniform(0.9, 1, 1000)
probabilities[0] = 3e-12
table = pd.DataFrame({"probability": probabilities})
ways = {
    "to_json": pd.read_json(io.StringIO(table.to_json()))["probability"],
    "double_precision=15": pd.read_json(io.StringIO(table.to_json(double_precision=15)))["probability"],
    "to_csv": pd.read_csv(io.StringIO(table.to_csv()))["probability"],
    "json": pd.Series(json.loads(json.dumps(table["probability"].tolist()))),
}
with np.errstate(divide="ignore"):
    seen = {way: (float((back != probabilities).mean()), round(float(-np.log(back).mean()), 3)) for way, back in ways.items()}
print(f"pandas {pd.__version__}: share of numbers changed, and the log loss of them: {seen}")
sys.exit(not (seen["to_json"] == (1, np.inf) and 0 < seen["double_precision=15"][0] < 1 and seen["to_csv"][0] == seen["json"][0] == 0 and np.isfinite(seen["to_csv"][1])))
PYTHON
