#!/usr/bin/env bash
# safetensors gives the tensors of the same bytes in another order in every process; from a file, in the file's.
#
# Seen: `load` returns an ordinary dict, whose order comes from a table that Rust hashes with a random seed, and `load_file` one in the
# order of the file. `model.set_weights(list(load(data).values()))` is then right in some processes only, and where tensors
# have equal shapes, as the blocks of a ViT, nothing raises. PYTHONHASHSEED does not change it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check safetensors==0.8.0 numpy==2.4.6
cd "$folder"
venv/bin/python - <<'PYTHON'
import os
import subprocess
import sys

LOAD = """
import numpy as np
from safetensors.numpy import load, load_file, save, save_file
tensors = {f"block{i}": np.full(2, i, np.float32) for i in range(8)}
save_file(tensors, "tensors.safetensors")
print([int(x[0]) for x in load(save(tensors)).values()], [int(x[0]) for x in load_file("tensors.safetensors").values()], sep=";")
"""
environment = os.environ | {"PYTHONHASHSEED": "0"}
runs = [subprocess.run([sys.executable, "-c", LOAD], env=environment, capture_output=True, text=True, check=True) for _ in range(5)]
loaded, from_file = zip(*(run.stdout.strip().split(";") for run in runs))
print(f"Order of eight tensors in five processes: from bytes {sorted(set(loaded))}, from a file {sorted(set(from_file))}")
sys.exit(not (len(set(loaded)) > 1 and set(from_file) == {str(list(range(8)))}))
PYTHON
