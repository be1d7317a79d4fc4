#!/usr/bin/env bash
# Dask does not run a call again that has failed, as long as anybody holds its result: the same error comes back without a try.
#
# Seen: a function whose first run fails, as of a file that is not there yet, and whose second would work. `submit` of the same
# function and arguments gives the kept error, and the function is not called; once no future is held it runs. With `pure=False`
# it runs each time. A button "try again" in an application that keeps its futures does nothing.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check distributed==2026.8.0 dask==2026.8.0
cd "$folder"
 venv/bin/python - 2>errors <<'PYTHON' || { cat errors; exit 1; }
import sys
from pathlib import Path

import distributed
from distributed import Client

def fails_once(name):
    """Leaves a letter in a file for each call."""
    with open(name, "a") as file:
        file.write("x")
    if Path(name).stat().st_size == 1:
        raise FileNotFoundError(name)
    return "done"


def outcome(future):
    error = future.exception(timeout=20)
    return type(error).__name__ if error else future.result()


if __name__ == "__main__":
    with Client(n_workers=1, threads_per_worker=1, processes=False, dashboard_address=None) as client:
        held = client.submit(fails_once, "photo")
        seen = {"first": outcome(held), "again": outcome(client.submit(fails_once, "photo"))}
        seen["calls"] = Path("photo").stat().st_size
        seen["pure=False"] = [outcome(client.submit(fails_once, "other", pure=False)) for _ in range(2)]
    print(f"distributed {distributed.__version__}: {seen}")
    sys.exit(list(seen.values()) != ["FileNotFoundError", "FileNotFoundError", 1, ["FileNotFoundError", "done"]])
PYTHON
