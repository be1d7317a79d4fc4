#!/usr/bin/env bash
# The mean colour of CIFAR-10 in float32, by NumPy: 84 instead of 127, for random pixels.
#
# Seen: `images.mean(axis=(0, 1, 2))` of 50,000 images (32, 32, 3), as one normalises by it. NumPy adds in pairs, which keeps
# float32 exact, only along the last axis in memory; over the others it adds one value after the other, and a sum beyond
# 2**32 no longer grows when 128 or less are added. So all three channels end at 2**32 / 51,200,000 = 83.89. No warning;
# with 5,000 images the mean is right to 0.01, and so it is with dtype=np.float64.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check numpy==2.4.6
"$folder/venv/bin/python" - <<'PYTHON'
import sys

import numpy as np

images = np.random.default_rng(0).integers(0, 256, (50_000, 32, 32, 3), np.uint8).astype(np.float32)
single, few = images.mean(axis=(0, 1, 2)), images[:5000].mean(axis=(0, 1, 2))
double = images.mean(axis=(0, 1, 2), dtype=np.float64)
print(f"NumPy {np.__version__}: float32 {single}, float64 {double.round(2)}, float32 of 5,000 images {few}")
sys.exit(not (np.allclose(single, 83.88608) and np.allclose(double, 127.5, atol=0.1) and np.allclose(few, 127.5, atol=0.2)))
PYTHON
