#!/usr/bin/env bash
# Pillow keeps the 16 bits of a grey PNG, and of a colour PNG only the high byte of each value.
#
# Seen: a valid RGB PNG of 16 bits whose values end at 255, as a dark recording of 12 bits has them, opens as mode RGB with
# all values 0: black, without a warning. The same values in a grey PNG come back as they are, in mode I;16.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pillow==13.0.0 pypng==0.20220715.0
cat >"$folder/colour.py" <<'PYTHON'
import sys

import PIL
import png
from PIL import Image

VALUES = [0, 80, 160, 255]
png.Writer(4, 1, greyscale=True, bitdepth=16).write(open(sys.argv[1] + "/grey.png", "wb"), [VALUES])
rows = [[value for value in VALUES for _ in "rgb"]]
png.Writer(4, 1, greyscale=False, bitdepth=16).write(open(sys.argv[1] + "/colour.png", "wb"), rows)
grey, colour = (Image.open(f"{sys.argv[1]}/{name}.png") for name in ("grey", "colour"))
print(f"Pillow {PIL.__version__}: grey {grey.mode} {list(grey.tobytes())}, colour {colour.mode} {list(colour.tobytes())}")
kept = list(memoryview(grey.tobytes()).cast("H"))
sys.exit((grey.mode, kept, colour.mode, set(colour.tobytes())) != ("I;16", VALUES, "RGB", {0}))
PYTHON
"$folder/venv/bin/python" "$folder/colour.py" "$folder"
