#!/usr/bin/env bash
# A Dask worker begins tasks with resource restrictions strictly in order: one that waits for a resource keeps back those
# behind it that need another one, which is free.
#
# Seen: a worker with four threads and the resources A=1 and B=1. Two tasks need A; while the first holds it and the second
# waits, a task that needs only B does not begin, although B and three threads are free: it begins when the first task has
# ended. With a higher priority than the waiting task it begins at once.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check distributed==2026.8.0
cat >"$folder/seen.py" <<'PYTHON'
import time

from distributed import Client, LocalCluster, wait

HOLD = 3  # seconds


def began(seconds):
    now = time.time()
    time.sleep(seconds)
    return now


if __name__ == "__main__":
    with LocalCluster(n_workers=1, threads_per_worker=4, resources={"A": 1, "B": 1}, processes=False,
                      dashboard_address=":0") as cluster, Client(cluster) as client:
        wait(client.submit(began, 0, pure=False))
        waited = {}
        for priority in (0, 10):
            held = [client.submit(began, HOLD, resources={"A": 1}, pure=False) for _ in range(2)]
            time.sleep(0.5)
            asked = time.time()
            free = client.submit(began, 0, resources={"B": 1}, priority=priority, pure=False)
            waited[priority] = free.result() - asked
            wait(held)
        print({priority: f"{seconds:.1f} s" for priority, seconds in waited.items()})
        assert waited[0] > HOLD / 2, "B began while A was waited for"
        assert waited[10] < HOLD / 2
PYTHON
"$folder/venv/bin/python" "$folder/seen.py" 2>/dev/null
echo "As seen: distributed 2026.8.0"
