#!/usr/bin/env bash
# Dask's scheduler gives a task to the worker where less has piled up, and does not look at whether the resource it needs is
# free there: it waits for one that is held, while another worker has it free and threads for it.
#
# Seen: two workers with four threads and the resource A=1. One task holds A of the first worker; two tasks without a resource
# run on the second. The next task that needs A is given to the first worker, and begins there when the first task has ended.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check distributed==2026.8.0
cat >"$folder/seen.py" <<'PYTHON'
import time

from distributed import Client, LocalCluster, get_worker, wait

HOLD = 4  # seconds


def hold(seconds):
    began = time.time()
    time.sleep(seconds)
    return began, get_worker().address


def other(seconds):
    time.sleep(seconds)


if __name__ == "__main__":
    with LocalCluster(n_workers=2, threads_per_worker=4, resources={"A": 1}, processes=False,
                      dashboard_address=":0") as cluster, Client(cluster) as client:
        wait([client.submit(work, HOLD, pure=False) for work in (hold, other)])  # now Dask knows how long they take
        asked = time.time()
        first = client.submit(hold, HOLD, resources={"A": 1}, pure=False)
        time.sleep(0.5)
        (free,) = (worker for worker, keys in client.processing().items() if not keys)
        beside = [client.submit(other, HOLD, workers=[free], pure=False) for _ in range(2)]
        time.sleep(0.5)
        second = client.submit(hold, HOLD, resources={"A": 1}, pure=False)
        (_, holds), (began, address) = client.gather([first, second])
        wait(beside)
        print(f"began after {began - asked:.1f} s, on the worker that {'was held' if address == holds else 'was free'}")
        assert address == holds != free and began - asked > HOLD - 1
PYTHON
"$folder/venv/bin/python" "$folder/seen.py" 2>/dev/null
echo "As seen: distributed 2026.8.0"
