#!/usr/bin/env bash
# MLflow's SQL store and metrics that are not finite.
#
# Seen: nan is logged and read back as nan. Infinity is logged without a word and read back as 1.797e308, the largest
# finite double: math.isfinite says the loss is fine, a mean overflows, and a chart's axis is lost. A search for
# "loss > 1" finds the infinite run and none finds the nan one.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check mlflow-skinny==3.17.2 sqlalchemy==2.1.9 alembic==1.20.1
cd "$folder"
venv/bin/python - <<'PYTHON'
import math
import sys

import mlflow
from mlflow.tracking import MlflowClient

client = MlflowClient("sqlite:///store.db")
experiment = client.create_experiment("losses")
stored = {}
for name, loss in {"finite": 0.5, "nan": math.nan, "infinite": math.inf}.items():
    run = client.create_run(experiment, run_name=name).info.run_id
    client.log_metric(run, "loss", loss)
    stored[name] = client.get_run(run).data.metrics["loss"]
above = [run.info.run_name for run in client.search_runs([experiment], "metrics.loss > 1")]
below = [run.info.run_name for run in client.search_runs([experiment], "metrics.loss <= 1")]
print(f"mlflow {mlflow.__version__}: {stored}; above 1: {above}; at most 1: {below}")
sys.exit(
    not (
        stored["finite"] == 0.5
        and math.isnan(stored["nan"])
        and stored["infinite"] == sys.float_info.max
        and math.isfinite(stored["infinite"])
        and (above, below) == (["infinite"], ["finite"])
    )
)
PYTHON
