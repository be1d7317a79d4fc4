#!/usr/bin/env bash
# MLflow's SQL store, from many threads at once.
#
# Seen: ten threads create ten runs in a fraction of a second. Of thirty threads, many get an error after half a minute:
# "QueuePool limit of size 5 overflow 10 reached". Creating a run takes a second connection while it holds the first, so
# once fifteen threads hold one each, all wait for one that nobody gives back. The database itself is idle meanwhile.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check mlflow-skinny==3.17.2 sqlalchemy==2.1.9 alembic==1.20.1
cd "$folder"
MLFLOW_LOGGING_LEVEL=CRITICAL venv/bin/python - <<'PYTHON'
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import mlflow
from mlflow.tracking import MlflowClient

client = MlflowClient("sqlite:///store.db")
experiment = client.create_experiment("class")
found = {}
for count in (10, 30):

    def create(number):
        try:
            return client.create_run(experiment, run_name=f"{count}-{number}") and ""
        except Exception as error:
            return str(error)

    began = time.perf_counter()
    with ThreadPoolExecutor(count) as threads:
        errors = [error for error in threads.map(create, range(count)) if error]
    found[count] = len(errors), time.perf_counter() - began, all("QueuePool limit" in error for error in errors)
    print(f"mlflow {mlflow.__version__}, {count} threads: {len(errors)} errors after {found[count][1]:.1f} s", errors[:1])
sys.exit(not (found[10][0] == 0 and found[30][0] > 0 and found[30][1] > 25 and found[30][2]))
PYTHON
