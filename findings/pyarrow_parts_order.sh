#!/usr/bin/env bash
# Rows that pyarrow writes into more than ten files come back in another order: part-10 is read before part-2.
#
# Seen: 1,200 rows in files of 100. `write_dataset` numbers its files without leading zeros, and they are read in the order of the
# alphabet, by pyarrow, pandas, Polars and DuckDB alike: 0 to 199, then 1,000 to 1,199, then 200. With ten files or fewer the
# order is kept. Features and labels, one table in 9 files and one in 12, then no longer belong to each other.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pyarrow==25.0.1 pandas==3.1.1 polars==2.1.0 duckdb==2.0.1 numpy==2.4.6
cd "$folder"
venv/bin/python - <<'PYTHON'
import sys

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.dataset as datasets

READERS = {
    "pyarrow": lambda folder: datasets.dataset(folder).to_table()["row"].to_numpy(),
    "pandas": lambda folder: pd.read_parquet(folder)["row"].to_numpy(),
    "Polars": lambda folder: pl.read_parquet(folder)["row"].to_numpy(),
    "DuckDB": lambda folder: duckdb.sql(f"select row from '{folder}/*.parquet'").fetchnumpy()["row"],
}
seen = {}
for files in (10, 12):
    table = pa.table({"row": np.arange(100 * files)})
    datasets.write_dataset(table, f"{files}", format="parquet", max_rows_per_group=100, max_rows_per_file=100)
    for name, read in READERS.items():
        seen[files, name] = np.asarray(read(f"{files}"))[::100].tolist()
print(f"pyarrow {pa.__version__}: every hundredth row, by files and reader: {seen}")
wrong = [0, 100, 1000, 1100, *range(200, 1000, 100)]
sys.exit(any(order != (list(range(0, 1000, 100)) if files == 10 else wrong) for (files, _), order in seen.items()))
PYTHON
