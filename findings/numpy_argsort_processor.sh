#!/usr/bin/env bash
# NumPy's argsort puts equal values in another order on another processor, and so do argpartition and pandas's sort_values.
#
# Seen: of a thousand values with ties, the ten best are other ones with AVX512, with AVX2 and with neither, which NumPy chooses
# by itself; the environment variable NPY_DISABLE_CPU_FEATURES stands for the older machines here. With `kind="stable"` they are
# the same. A list of "the ten worst images" whose scores tie shows others on a laptop than on the server.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check numpy==2.4.6 pandas==3.1.1
cd "$folder"
venv/bin/python - <<'PYTHON'
import os
import subprocess
import sys

import numpy as np

LOOK = """
import numpy as np, pandas as pd
scores = np.random.default_rng(0).integers(0, 5, 1000).astype(np.float32)
table = pd.DataFrame({"score": scores})
print(np.argsort(scores)[-10:].tolist(), np.sort(np.argpartition(scores, -10)[-10:]).tolist(),
      table.sort_values("score").index[-10:].tolist(), np.argsort(scores, kind="stable")[-10:].tolist(), sep="; ")
"""
found = np.show_config("dicts")["SIMD Extensions"]["found"]
avx512 = [name for name in found if name == "X86_V4" or name.startswith("AVX512")]
machines = {"this one": [], "without AVX512": avx512, "without AVX2": ["X86_V3", *avx512]}
best = {}
for machine, disabled in machines.items():
    environment = os.environ | {"NPY_DISABLE_CPU_FEATURES": " ".join(disabled)}
    best[machine] = subprocess.run([sys.executable, "-c", LOOK], env=environment, check=True, capture_output=True, text=True).stdout.strip().split("; ")
names = ("argsort", "argpartition", "sort_values", "argsort, stable")
seen = {name: len({answers[place] for answers in best.values()}) for place, name in enumerate(names)}
print(f"NumPy {np.__version__}, {found}: different tens of the best on {len(machines)} machines: {seen}")
sys.exit("X86_V3" not in found or min(seen[name] for name in names[:3]) < 2 or seen["argsort, stable"] != 1)
PYTHON
