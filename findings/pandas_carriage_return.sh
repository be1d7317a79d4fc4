#!/usr/bin/env bash
# pandas writes a CSV that it cannot read: a carriage return in a cell.
#
# Seen: `to_csv` quotes a cell with a line feed, but not one with a carriage return, as a folder's name may hold, and
# `read_csv` then takes it for the end of a line: other rows, or a ParserError. With lineterminator="\r\n" it is quoted.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pandas==3.1.1
"$folder/venv/bin/python" - <<'PYTHON'
import io
import sys

import pandas as pd

names = ["cat", "a\nb", "a\rb"]


def again(**options):
    text = pd.DataFrame({"class": names, "images": 1}).to_csv(index=False, **options)
    try:
        return pd.read_csv(io.StringIO(text, newline=""))["class"].tolist()
    except pd.errors.ParserError as error:
        return str(error)


usual, windows = again(), again(lineterminator="\r\n")
print(f"pandas {pd.__version__}: {names} comes back as {usual}, and with CRLF as {windows}")
sys.exit(usual == names or windows != names)
PYTHON
