#!/usr/bin/env bash
# Two threads that write different rows of one chunk of a zarr array lose rows of each other, and nobody is told.
#
# Seen: two threads write the odd and the even rows of 64, which are one chunk: a quarter of the rows and more stay empty, because
# each write reads the chunk, changes a row and stores the whole chunk. zarr 2 had `ThreadSynchronizer` for that; zarr 3 has none.
# With one row a chunk none is lost, with shards of such chunks they are again, since a shard is what is stored.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check zarr==3.1.6 numcodecs==0.16.6 numpy==2.4.6
cd "$folder"
venv/bin/python - <<'PYTHON'
import sys
import threading

import zarr

ROWS = 64


def lost(chunks, shards):
    """How many of the rows that two threads wrote are empty, in five tries."""
    empty = 0
    for attempt in range(5):
        array = zarr.create_array(f"{chunks}-{shards}-{attempt}", shape=(ROWS,), chunks=chunks, shards=shards, dtype="float32", fill_value=0)

        def write(first, array=array):
            for row in range(first, ROWS, 2):
                array[row] = 1

        threads = [threading.Thread(target=write, args=(first,)) for first in (0, 1)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        empty += int((array[:] == 0).sum())
    return empty


seen = {"one chunk": lost((ROWS,), None), "one row a chunk": lost((1,), None), "those in a shard": lost((1,), (ROWS,))}
print(f"zarr {zarr.__version__}: of {5 * ROWS} rows written by two threads, lost: {seen}; a synchronizer: {hasattr(zarr, 'ThreadSynchronizer')}")
sys.exit(not (seen["one chunk"] > 20 and seen["one row a chunk"] == 0 and seen["those in a shard"] > 20) or hasattr(zarr, "ThreadSynchronizer"))
PYTHON
