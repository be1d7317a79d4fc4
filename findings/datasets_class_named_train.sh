#!/usr/bin/env bash
# Hugging Face's imagefolder: of the classes bus, car and train, only train is loaded.
#
# Seen: a folder whose name is that of a split, at any level, is taken for that split, and what is in no split is left out. So
# load_dataset("imagefolder") of three classes, as VOC and COCO have them, gives the images of trains alone, without labels and
# without a word. With a folder named trains instead, all three are there.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check datasets==5.2.0 pillow==13.0.0
cat >"$folder/look.py" <<'PYTHON'
import sys
from pathlib import Path

import datasets
from PIL import Image

datasets.disable_progress_bars()


def load(*names):
    root = Path("-".join(names))
    for name in names:
        (root / name).mkdir(parents=True)
        for number in range(2):
            Image.new("RGB", (8, 8)).save(root / name / f"{number}.png")
    loaded = datasets.load_dataset("imagefolder", data_dir=str(root), cache_dir=f"cache-{root}")
    return {split: (len(rows), list(rows.features)) for split, rows in loaded.items()}


seen = [load("bus", "car", "train"), load("bus", "car", "trains")]
print(f"datasets {datasets.__version__}: {seen}")
sys.exit(seen != [{"train": (2, ["image"])}, {"train": (6, ["image", "label"])}])
PYTHON
cd "$folder"
HF_HOME="$folder/hf" HF_DATASETS_OFFLINE=1 HF_HUB_OFFLINE=1 venv/bin/python look.py 2>errors || { cat errors; exit 1; }
