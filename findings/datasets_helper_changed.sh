#!/usr/bin/env bash
# Hugging Face's datasets: `map` gives the old result after the code it calls was changed, if that code is in a module.
#
# Seen: the fingerprint of a function holds its own code and the values it uses, but of an imported module only the name. A function
# that calls `preprocess.scale` is run once; after `preprocess.py` was corrected, the next program reads the old values from the
# cache. A change of the function itself is seen. Nothing says that the cache was read.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check datasets==5.2.0
cd "$folder"
HF_HUB_OFFLINE=1 HF_HOME=home venv/bin/python - <<'PYTHON'
import subprocess
import sys
from pathlib import Path

import datasets

datasets.disable_progress_bars()
datasets.Dataset.from_dict({"x": [1, 2]}).save_to_disk("numbers")
PROGRAM = """
import datasets
import preprocess
datasets.disable_progress_bars()
numbers = datasets.load_from_disk("numbers")
print(numbers.map(lambda row: {"y": preprocess.scale(row["x"])%s})["y"][:])
"""


def run(factor, then=""):
    Path("preprocess.py").write_text(f"def scale(x):\n    return x * {factor}\n")
    program = [sys.executable, "-B", "-c", PROGRAM % then]
    return subprocess.run(program, capture_output=True, text=True, check=True).stdout.strip()


seen = {"first": run(10), "module changed": run(1000), "function changed": run(1000, " + 0")}
print(f"datasets {datasets.__version__}: of 1 and 2, by a module that multiplies by 10, then by 1,000: {seen}")
sys.exit(list(seen.values()) != ["[10, 20]", "[10, 20]", "[1000, 2000]"])
PYTHON
