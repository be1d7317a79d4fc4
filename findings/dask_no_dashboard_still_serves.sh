#!/usr/bin/env bash
# A Dask cluster with `dashboard_address=None` still serves pages over HTTP.
#
# Seen: LocalCluster(dashboard_address=None) listens on a port and answers /health and the page /info/main/workers.html, with
# the addresses of workers; only with the setting `distributed.scheduler.http.routes: []` are these pages gone (404), and a
# port stays open even then.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check distributed==2026.8.0
cat >"$folder/seen.py" <<'PYTHON'
from urllib.error import HTTPError
from urllib.request import urlopen

import dask
from distributed import LocalCluster

PAGES = ("health", "info/main/workers.html")


def status(port, page):
    try:
        with urlopen(f"http://127.0.0.1:{port}/{page}") as answer:
            return answer.status
    except HTTPError as error:
        return error.code


def served(settings):
    with dask.config.set(settings), LocalCluster(n_workers=1, processes=False, dashboard_address=None) as cluster:
        port = cluster.scheduler.http_server.port
        return {page: status(port, page) for page in PAGES}


if __name__ == "__main__":
    told = served({})
    silent = served({"distributed.scheduler.http.routes": []})
    print("dashboard_address=None:", told)
    print("and http.routes: []   :", silent)
    assert set(told.values()) == {200}
    assert set(silent.values()) == {404}
PYTHON
"$folder/venv/bin/python" "$folder/seen.py" 2>/dev/null
echo "As seen: distributed 2026.8.0"
