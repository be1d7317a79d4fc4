#!/usr/bin/env bash
# Plotly Express leaves out points without a class, and draws points without a number.
#
# Seen: of six points, two of which have no class, `px.scatter` with `color`, `symbol`, `facet_col` or `animation_frame` draws four:
# the images that have no label yet are missing from the map, the legend and the count. With a column of numbers that has nan, all
# six are there. Nothing is said.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check plotly==7.1.0 pandas==3.1.1 numpy==2.4.6
cd "$folder"
venv/bin/python - <<'PYTHON'
import sys

import pandas as pd
import plotly
import plotly.express as px

points = pd.DataFrame({"x": range(6), "y": range(6), "class": ["cat", "dog", None] * 2, "score": [0.1, 0.9, None] * 2})
seen = {}
for option, column in (("color", "class"), ("symbol", "class"), ("facet_col", "class"), ("animation_frame", "class"), ("color", "score")):
    figure = px.scatter(points, x="x", y="y", **{option: column})
    traces = [trace for frame in figure.frames for trace in frame.data] or figure.data
    seen[option, column] = sum(len(trace.x) for trace in traces)
print(f"Plotly {plotly.__version__}: of six points drawn: {seen}")
sys.exit(list(seen.values()) != [4, 4, 4, 4, 6])
PYTHON
