#!/usr/bin/env bash
# pandas reads a column of numbers as dates if its name ends in _time or _at and all its numbers are above 31,536,000.
#
# Seen: of a table with times in microseconds, `read_json` makes `train_time` of 45,000,000 the 5th of June 1971, and leaves
# `seconds`, `time` and a `train_time` of 20,000,000 alone: the same column of two experiments is a number in one and a date in
# the other, as soon as no run took less than 31.5 seconds. `modified`, `date` and names that begin with `timestamp` are treated
# alike; `convert_dates=False` leaves them.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pandas==3.1.1 numpy==2.4.6
cd "$folder"
venv/bin/python - <<'PYTHON'
import io
import sys

import pandas as pd

slow, fast = [45_000_000, 52_000_000], [45_000_000, 20_000_000]
table = pd.DataFrame({"train_time": slow, "seen_at": slow, "time": slow, "microseconds": slow, "test_time": fast})
back = pd.read_json(io.StringIO(table.to_json()))
seen = {name: str(back[name].iloc[0]) for name in back}
print(f"pandas {pd.__version__}: 45,000,000 is read as {seen}")
sys.exit(list(seen.values()) != ["1971-06-05 20:00:00"] * 2 + ["45000000"] * 3)
PYTHON
