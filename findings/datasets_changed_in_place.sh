#!/usr/bin/env bash
# Hugging Face's datasets: an image that `map` changes in place is stored as it was.
#
# Seen: `image.thumbnail((60, 60))` or `putpixel` in a mapped function, which returns the row or the image, changes nothing: the
# dataset still has the large images, whether it was loaded from a folder or from Parquet, and nothing is said. An image that
# Pillow has opened from a file keeps its name, and `map` stores an image with a name as that name. `resize` and `copy` return
# new images, without a name, which are stored.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check datasets==5.2.0 pillow==13.0.0 numpy==2.4.6
cat >"$folder/look.py" <<'PYTHON'
import sys
from pathlib import Path

import datasets
import numpy as np
from PIL import Image

datasets.disable_progress_bars()
for name in ("cat", "dog"):
    Path("images", name).mkdir(parents=True)
    Image.fromarray(np.zeros((200, 300, 3), np.uint8)).save(f"images/{name}/1.png")
folder = datasets.load_dataset("imagefolder", data_dir="images", split="train", cache_dir="cache")
folder.to_parquet("images.parquet")
parquet = datasets.load_dataset("parquet", data_files="images.parquet", split="train", cache_dir="cache")


def in_place(row):
    row["image"].thumbnail((60, 60))
    return row


def copied(row):
    row["image"].thumbnail((60, 60))
    return {"image": row["image"].copy()}


seen = {
    (name, change.__name__): data.map(change)[0]["image"].size
    for name, data in {"folder": folder, "Parquet": parquet}.items()
    for change in (in_place, copied)
}
print(f"datasets {datasets.__version__}: sizes after a thumbnail of 60 x 40: {seen}")
sys.exit(list(seen.values()) != [(300, 200), (60, 40), (300, 200), (60, 40)])
PYTHON
cd "$folder"
HF_HOME="$folder/hf" HF_DATASETS_OFFLINE=1 HF_HUB_OFFLINE=1 venv/bin/python look.py 2>errors || { cat errors; exit 1; }
