#!/usr/bin/env bash
# threadpoolctl limits the thread pools that are loaded when the limit begins, and SciPy brings an OpenBLAS of its own.
#
# Seen: where SciPy is first imported inside `threadpool_limits(1)`, as happens where imports are kept in functions,
# NumPy's OpenBLAS has one thread inside the limit and SciPy's has all. Imported before, both have one.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check threadpoolctl==3.8.0 numpy==2.3.5 scipy==1.16.3
cat >"$folder/pools.py" <<'PYTHON'
import sys

import numpy
import threadpoolctl

if sys.argv[1] == "before":
    import scipy.linalg
with threadpoolctl.threadpool_limits(1):
    import scipy.linalg

    threads = sorted(pool["num_threads"] for pool in threadpoolctl.threadpool_info() if pool["user_api"] == "blas")
print(
    f"threadpoolctl {threadpoolctl.__version__}, NumPy {numpy.__version__}, SciPy {scipy.__version__}, "
    f"imported {sys.argv[1]}: threads of the two OpenBLAS inside the limit: {threads}"
)
sys.exit(threads != ([1, 1] if sys.argv[1] == "before" else [1, 2]))
PYTHON
for when in before inside; do
    OPENBLAS_NUM_THREADS=2 "$folder/venv/bin/python" "$folder/pools.py" "$when"
done
