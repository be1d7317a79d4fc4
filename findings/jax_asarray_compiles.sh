#!/usr/bin/env bash
# jnp.asarray(values) compiles a program for each new shape of a NumPy array; with a dtype, or by device_put, nothing is compiled.
#
# Seen: 50 float32 arrays of 50 lengths on JAX 0.10.2. `jnp.asarray(values)` and `jnp.array(values)` compile 50 programs (`jit(stage)`),
# although nothing is converted, and take more than a hundred times as long as `jax.device_put(values)` or
# `jnp.asarray(values, dtype="float32")`, which compile none. A dtype that is not the array's own compiles 50 again. So batches
# that end in odd sizes, or a network's weights, cost a compilation for each shape that was not seen before.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check jax==0.10.2 numpy==2.4.6
cat >"$folder/look.py" <<'PYTHON'
import logging
import sys
import time

import jax
import jax.numpy as jnp
import numpy as np

compiled = []


class Count(logging.Handler):
    def emit(self, record):
        if record.getMessage().startswith("Compiling"):
            compiled.append(record.getMessage())


jax.config.update("jax_log_compiles", True)
logging.getLogger("jax").addHandler(Count())
logging.getLogger("jax").propagate = False
jax.device_put(np.ones(3, np.float32)).block_until_ready()

ways = {
    "asarray": jnp.asarray,
    "array": jnp.array,
    "asarray, its dtype": lambda values: jnp.asarray(values, dtype="float32"),
    "device_put": jax.device_put,
    "asarray, another dtype": lambda values: jnp.asarray(values, dtype="int32"),
}
counts, first = {}, 1000
for way, move in ways.items():
    arrays = [np.ones(first + extra, np.float32) for extra in range(50)]
    first += 100
    compiled.clear()
    began = time.perf_counter()
    for values in arrays:
        move(values).block_until_ready()
    counts[way] = len(compiled)
    print(f"JAX {jax.__version__}, {way}: {len(compiled)} programs, {1000 * (time.perf_counter() - began):.0f} ms")
sys.exit(list(counts.values()) != [50, 50, 0, 0, 50])
PYTHON
JAX_PLATFORMS=cpu "$folder/venv/bin/python" "$folder/look.py" 2>"$folder/errors" || { cat "$folder/errors"; exit 1; }
