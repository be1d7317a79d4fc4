#!/usr/bin/env bash
# MLflow upgrades an older SQLite run store as soon as a client reads it: no copy, no question, no warning.
#
# Seen: a store made by mlflow-skinny 2.20.4 is listed by the client of 3.17.2, whose only log lines are of level INFO;
# afterwards 2.20.4 cannot open it. Opening another server's file "just to look" locks its owner out.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
for name in old new; do python3 -m venv "$folder/$name"; done
"$folder/old/bin/pip" install --quiet --disable-pip-version-check mlflow-skinny==2.20.4 "sqlalchemy==2.0.44" alembic==1.17.2
"$folder/new/bin/pip" install --quiet --disable-pip-version-check mlflow-skinny==3.17.2 "sqlalchemy==2.0.44" alembic==1.17.2
cat >"$folder/runs.py" <<'PYTHON'
import sys

import mlflow
from mlflow.tracking import MlflowClient

client = MlflowClient(f"sqlite:///{sys.argv[1]}/runs.db")
if sys.argv[2] == "make":
    client.create_run("0")
print(f"MLflow {mlflow.__version__}: {len(client.search_runs(['0']))} run")
PYTHON
cd "$folder"
old/bin/python runs.py "$folder" make 2>/dev/null
old/bin/python runs.py "$folder" read 2>/dev/null
new/bin/python runs.py "$folder" read 2>log
if grep "WARN" log; then exit 1; fi
[ "$(echo *.db)" = runs.db ] # no copy
if old/bin/python runs.py "$folder" read 2>log; then exit 1; fi
grep -o "Can't locate revision[^.]*\|out-of-date[^.]*" log | sort -u | head -1
