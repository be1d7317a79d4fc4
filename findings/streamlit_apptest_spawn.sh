#!/usr/bin/env bash
# Streamlit's AppTest leaves the script it ran as `__main__`, and a process that is spawned later runs that script first.
#
# Seen: after `AppTest.from_function(page).run()`, whose script is a temporary file that ends in a call with arguments
# only AppTest sets, every spawned child dies with exit code 1 before its target begins; before it, the same child works.
# In a test suite the test that fails is another one, and which one depends on the order: Dask then says no more than
# "Nanny failed to start worker process".
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check streamlit==1.67.0
cat >"$folder/spawned.py" <<'PYTHON'
import multiprocessing
import sys

import streamlit
from streamlit.testing.v1 import AppTest


def page():
    import streamlit as st

    st.write("a page")


def child() -> int:
    process = multiprocessing.get_context("spawn").Process(target=print, args=("the child works",))
    process.start()
    process.join()
    return process.exitcode


if __name__ == "__main__":
    main = sys.modules["__main__"]
    before = child()
    AppTest.from_function(page).run()
    after = child()
    sys.modules["__main__"] = main
    restored = child()
    print(f"Streamlit {streamlit.__version__}: exit codes {before} before, {after} after AppTest, {restored} with __main__ restored")
    sys.exit((before, after, restored) != (0, 1, 0))
PYTHON
"$folder/venv/bin/python" "$folder/spawned.py" 2>"$folder/errors"
grep "NameError" "$folder/errors"
