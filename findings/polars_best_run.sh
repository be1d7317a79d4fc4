#!/usr/bin/env bash
# In a table of runs in which one diverged (accuracy NaN) and one has not ended (null), Polars names three different runs the best.
#
# One would expect that the ways to ask for the best run agree. Seen: `max` and `arg_max` pass over NaN and name the right run;
# `top_k` names the one with NaN; `sort(descending=True)` puts the one without a value first. `filter(accuracy > 0.5)` keeps the
# run with NaN, and `median` is raised by it, while `mean` is NaN. DuckDB takes NaN as the largest number everywhere: `max`,
# `arg_max` and `ORDER BY` name the diverged run. pandas never names it. Both libraries say in their documents that NaN compares
# as greater than any number; that aggregates of Polars leave it out is told only with `max`. `fill_nan(None)` first, and
# `nulls_last=True`, make them agree.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check polars==2.1.0 duckdb==2.0.1 pandas==3.1.1 pyarrow==25.0.1
cd "$folder"
venv/bin/python - <<'PYTHON'
import sys

import duckdb
import polars as pl

runs = pl.DataFrame({"run": ["poor", "diverged", "best", "fair", "unfinished"], "accuracy": [0.2, float("nan"), 0.9, 0.55, None]})
accuracy, frame = runs["accuracy"], runs.to_pandas()
seen = {
    "Polars max": accuracy.max(),
    "Polars arg_max": runs["run"][accuracy.arg_max()],
    "Polars top_k": runs.top_k(1, by="accuracy")["run"][0],
    "Polars sort": runs.sort("accuracy", descending=True)["run"][0],
    "Polars above 0.5": runs.filter(pl.col("accuracy") > 0.5)["run"].to_list(),
    "DuckDB arg_max": duckdb.sql("select arg_max(run, accuracy) from runs").fetchall()[0][0],
    "DuckDB order": duckdb.sql("select run from runs order by accuracy desc limit 1").fetchall()[0][0],
    "DuckDB above 0.5": [row[0] for row in duckdb.sql("select run from runs where accuracy > 0.5").fetchall()],
    "pandas nlargest": frame.nlargest(1, "accuracy")["run"].iloc[0],
    "pandas sort": frame.sort_values("accuracy", ascending=False)["run"].iloc[0],
    "pandas above 0.5": frame[frame["accuracy"] > 0.5]["run"].tolist(),
}
print(f"Polars {pl.__version__}, DuckDB {duckdb.__version__}: {seen}")
three = ["diverged", "best", "fair"]
right = (0.9, "best", "diverged", "unfinished", three, "diverged", "diverged", three, "best", "best", ["best", "fair"])
sys.exit(tuple(seen.values()) != right)
PYTHON
