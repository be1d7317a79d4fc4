#!/usr/bin/env bash
# jax.device_put does not always copy a NumPy array: what is written into it later changes the JAX array, in some calls and not in others.
#
# Seen: on a CPU an array whose memory happens to begin at a multiple of 64 bytes is shared: a batch of zeros that is filled with
# ones for the next step is ones in the step before. Five batches from one buffer can all be the last one. `jnp.asarray(values,
# dtype=...)` shares as well; `jnp.array` and, in this version, `jnp.asarray(values)` copy.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check jax==0.10.2 numpy==2.4.6
cd "$folder"
JAX_PLATFORMS=cpu venv/bin/python - 2>errors <<'PYTHON' || { cat errors; exit 1; }
import sys

import jax
import jax.numpy as jnp
import numpy as np

SIZE = 100_000


def array(offset):
    """Zeros whose memory begins this many bytes after a multiple of 64."""
    memory = np.zeros(4 * SIZE + 128, np.uint8)
    first = (-memory.ctypes.data) % 64 + offset
    return memory[first : first + 4 * SIZE].view(np.float32)


def changed(move, offset):
    values = array(offset)
    moved = move(values).block_until_ready()
    values[:] = 1
    return float(moved[0]) == 1


ways = {
    "device_put": jax.device_put,
    "asarray, its dtype": lambda values: jnp.asarray(values, dtype="float32"),
    "asarray": jnp.asarray,
    "array": jnp.array,
}
seen = {name: {offset: changed(move, offset) for offset in (0, 16)} for name, move in ways.items()}
buffer, batches = array(0), []
for step in range(5):
    buffer[:] = step
    batches.append(jax.device_put(buffer))
seen["five batches"] = [float(batch[0]) for batch in batches]
print(f"JAX {jax.__version__}: changed afterwards, by the bytes beyond a multiple of 64: {seen}")
shared, copied = {0: True, 16: False}, {0: False, 16: False}
sys.exit(list(seen.values()) != [shared, shared, copied, copied, [4.0] * 5])
PYTHON
