#!/usr/bin/env bash
# Hugging Face's datasets: `to_parquet` writes the paths of images, `save_to_disk` the images.
#
# Seen: a dataset made of a list of files, whose column is an `Image`: the parquet is some kilobytes of names, and on another
# machine, or once the folder has gone, the first image raises "No such file". It is read without complaint before. What
# `save_to_disk` wrote has the bytes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check datasets==5.2.0 pillow==13.0.0
cd "$folder"
HF_HUB_OFFLINE=1 HF_HOME=home venv/bin/python - <<'PYTHON'
import os
import sys

import datasets
from PIL import Image

datasets.disable_progress_bars()
Image.effect_noise((256, 256), 50).save("photo.png")
photos = datasets.Dataset.from_dict({"image": ["photo.png"]}).cast_column("image", datasets.Image())
photos.to_parquet("photos.parquet")
photos.save_to_disk("photos")
os.remove("photo.png")
seen = {"parquet, bytes": os.path.getsize("photos.parquet")}
for name, read in {"save_to_disk": lambda: datasets.load_from_disk("photos"), "to_parquet": lambda: datasets.Dataset.from_parquet("photos.parquet")}.items():
    again = read()
    try:
        seen[name] = again[0]["image"].size
    except FileNotFoundError as error:
        seen[name] = error.strerror
print(f"datasets {datasets.__version__}: of an image whose file has gone: {seen}")
sys.exit(seen["save_to_disk"] != (256, 256) or seen["to_parquet"] != "No such file or directory")
PYTHON
