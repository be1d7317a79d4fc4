#!/usr/bin/env bash
# Hugging Face's imagefolder: an image without a row in metadata.csv is left out, and the label 001 becomes 1.0.
#
# Seen: of four images, three with a row, three are loaded, and nothing is said of the fourth. The labels are read by pandas: 001, 002 and
# NA become the numbers 1.0 and 2.0 and no label at all, so Namibia, and the leading zeros by which folders are named, are lost.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check datasets==5.2.0 pillow==13.0.0
cd "$folder"
HF_HUB_OFFLINE=1 HF_HOME=home venv/bin/python - <<'PYTHON'
import sys
from pathlib import Path

import datasets
from PIL import Image

datasets.disable_progress_bars()
Path("photos").mkdir()
for name in "abcd":
    Image.new("RGB", (8, 8)).save(f"photos/{name}.png")
seen = {}
for labels in (("001", "002", "003"), ("001", "002", "NA"), ("DE", "FR", "NA")):
    rows = "".join(f"{name}.png,{label}\n" for name, label in zip("abc", labels))
    Path("photos/metadata.csv").write_text(f"file_name,label\n{rows}")
    seen[labels] = datasets.load_dataset("imagefolder", data_dir="photos", split="train")["label"][:]
print(f"datasets {datasets.__version__}: labels of four images, three with a row: {seen}")
sys.exit(list(seen.values()) != [[1, 2, 3], [1, 2, None], ["DE", "FR", None]])
PYTHON
