#!/usr/bin/env bash
# Lance puts a row that was updated at the end of the table: row numbers then name other images.
#
# One would expect what SQL tables in a file and data frames do: `update` changes a value where the row stands. Seen: of twenty
# images the labels of 3 and 7 are corrected, and they become the last two rows; `merge_insert`, which replaces rows by their id,
# moves them too. `take([3])` then gives image 4. An array of features in the order of the images, a list of row numbers of a
# validation set, or the neighbours that another index returned no longer belong to the table, and nothing is said. An update is a
# deletion and an append of whole rows (`rust/lance/src/dataset/write/update.rs`); the order comes back by sorting by an id.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pylance==14.0.2 pyarrow==25.0.1 numpy==2.4.6
cd "$folder"
venv/bin/python - 2>errors <<'PYTHON' || { cat errors; exit 1; }
import sys

import lance
import numpy as np
import pyarrow as pa


def images():
    return lance.dataset("images.lance").to_table()["image"].to_pylist()


features = np.arange(20, dtype=np.float32)[:, None] * np.ones(4, np.float32)
table = pa.table({"image": np.arange(20), "label": ["cat"] * 20})
lance.write_dataset(table, "images.lance")
lance.dataset("images.lance").update({"label": "'dog'"}, where="image in (3, 7)")
updated, taken = images(), lance.dataset("images.lance").take([3])["image"].to_pylist()
lance.dataset("images.lance").merge_insert("image").when_matched_update_all().execute(table.slice(0, 2))
merged = images()
right = float((features[:, 0] == np.array(updated)).mean())
print(f"Lance {lance.__version__}: the order after an update of 3 and 7: {updated}; row 3 is image {taken[0]}; features of the "
      f"same row belong to the image for {right:.0%}; after merge_insert of 0 and 1: {merged}")
sys.exit(updated[-2:] != [3, 7] or taken != [4] or merged[-2:] != [0, 1] or right > 0.5)
PYTHON
