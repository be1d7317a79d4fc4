#!/usr/bin/env bash
# `st.cache_data` compares a sample of a large argument, and gives the old result for another array or table.
#
# Seen: of arrays of 500,000 values and more it hashes 100,000 random ones, and of pandas tables of 50,000 rows and more 10,000:
# two arrays of a million values that differ in three, and two tables of 60,000 labels of which one was corrected, have one hash,
# and the second call returns the first result. One value less than the limit and everything is compared. Bytes always are.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check streamlit==1.67.0 pandas==3.1.1 numpy==2.4.6
cat >"$folder/look.py" <<'PYTHON'
import sys

import numpy as np
import pandas as pd
import streamlit as st


@st.cache_data(show_spinner=False)
def total(pixels):
    return float(pixels.sum())


@st.cache_data(show_spinner=False)
def cats(table):
    return int((table.label == "cat").sum())


def stale_array(size):
    first, second = np.zeros((2, size))
    second[:3] = 1
    return total(first) == total(second)


def stale_table(rows):
    first = pd.DataFrame({"label": ["dog"] * rows})
    second = first.copy()
    second.loc[0, "label"] = "cat"
    return cats(first) == cats(second)


seen = [stale_array(499_999), stale_array(1_000_000), stale_table(49_999), stale_table(60_000)]
print(f"Streamlit {st.__version__}: the old result for another array of 499,999 and 1,000,000 values, and another table of "
      f"49,999 and 60,000 rows: {seen}")
sys.exit(seen != [False, True, False, True])
PYTHON
"$folder/venv/bin/python" "$folder/look.py" 2>/dev/null
