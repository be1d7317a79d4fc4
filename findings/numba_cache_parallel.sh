#!/usr/bin/env bash
# Numba's cache gives a function compiled for several threads the code of the same function for one thread, and the reverse.
#
# umap-learn 0.5.12 makes two functions of one, `numba.njit(epoch, parallel=False)` for a fixed seed and `parallel=True` without.
# Neither is cached. If a program asks for that, with `enable_caching()` or `cache=True`, to save the ten seconds that each process
# compiles, whichever is compiled first is stored for both. Seen: the layout for one thread, which promises the same positions for
# the same seed, is read from the cache as the one for several; in a small pair, the function for several uses one thread.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check numba==0.68.1 umap-learn==0.5.12 numpy==2.4.6
cat > "$folder/pair.py" <<'PYTHON'
import numba
import numpy as np


def threads(used):
    for row in numba.prange(len(used)):
        used[row] = numba.get_thread_id()


for parallel in (False, True):
    function = numba.njit(threads, cache=True, parallel=parallel)
    used = np.zeros(10_000, np.int64)
    function(used)
    print(len(np.unique(used)), sum(function.stats.cache_hits.values()), end=" ")
PYTHON
cat > "$folder/layout.py" <<'PYTHON'
import warnings

import numpy as np
from umap import UMAP, layouts

warnings.simplefilter("ignore")
together = layouts._nb_optimize_layout_euclidean_single_epoch_parallel
alone = layouts._nb_optimize_layout_euclidean_single_epoch
together.enable_caching()
alone.enable_caching()
points = np.random.default_rng(0).normal(size=(200, 8)).astype(np.float32)
UMAP(n_epochs=5).fit(points)
UMAP(n_epochs=5, random_state=0).fit(points)
print(len(together.signatures), sum(alone.stats.cache_hits.values()))
PYTHON
cd "$folder"
export NUMBA_CACHE_DIR="$folder/cache" NUMBA_NUM_THREADS=2
pair=$(venv/bin/python pair.py)
layout=$(venv/bin/python layout.py 2> errors) || { cat errors; exit 1; }
echo "Numba 0.68.1: threads used and hits of the cache, for one thread and then for several: $pair; umap-learn 0.5.12: hits of the layout for one thread: ${layout#* }"
[ "$pair" = "1 0 1 1 " ] && [ "$layout" = "1 1" ]
