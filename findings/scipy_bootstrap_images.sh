#!/usr/bin/env bash
# `scipy.stats.bootstrap` takes memory with the square of the number of images, and has no interval where all are right.
#
# Seen: its default, BCa, leaves out each image once, all in one array: 10 MB for 1,000 test images, 160 MB for 4,000, so about
# 100 GB for 100,000, whatever the number of resamples. And of 50 images that are all right it returns nan to nan, where Wilson's
# interval is 93 to 100 %. method="percentile" takes memory by the resamples alone, and says 100 to 100 %.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check scipy==1.17.1 numpy==2.4.6
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import sys
import tracemalloc

import numpy as np
import scipy
from scipy.stats import bootstrap


def megabytes(images, method):
    right = np.random.default_rng(0).random(images) < 0.9
    tracemalloc.start()
    bootstrap((right,), np.mean, n_resamples=50, method=method, rng=0)
    peak = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    return round(peak, 1)


seen = {method: [megabytes(images, method) for images in (1000, 2000, 4000)] for method in ("BCa", "percentile")}
interval = bootstrap((np.ones(50),), np.mean, rng=0).confidence_interval
print(f"SciPy {scipy.__version__}: MB for 1,000, 2,000 and 4,000 images: {seen}; all right: {interval}")
sys.exit(not (seen["BCa"][2] > 10 * seen["BCa"][0] and seen["percentile"][2] < 10 and np.isnan(interval).all()))
PYTHON
