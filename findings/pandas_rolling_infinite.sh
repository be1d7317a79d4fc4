#!/usr/bin/env bash
# pandas leaves infinity out of a rolling or smoothed mean: the smoothed curve of a loss that diverged looks healthy.
#
# Seen: of the losses 1, inf, 1 the mean of the last three is 1 with `min_periods=1`, and so is `ewm`'s: infinity is treated as
# missing. Series.mean and Polars say inf.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pandas==3.1.1 polars==2.1.0 numpy==2.4.6
cd "$folder"
venv/bin/python - <<'PYTHON'
import sys

import pandas as pd
import polars as pl

losses = [1.0, float("inf"), 1.0]
series = pd.Series(losses)
seen = {
    "rolling": series.rolling(3, min_periods=1).mean().tolist(),
    "ewm": series.ewm(alpha=0.5).mean().tolist(),
    "expanding": series.expanding().mean().tolist(),
    "mean": series.mean(),
    "Polars, rolling": pl.Series(losses).rolling_mean(3, min_samples=1).to_list(),
}
print(f"pandas {pd.__version__}: {seen}")
sys.exit(not (seen["rolling"] == seen["ewm"] == seen["expanding"] == [1, 1, 1] and seen["mean"] == float("inf") and seen["Polars, rolling"][-1] != 1))
PYTHON
