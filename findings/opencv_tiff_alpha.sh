#!/usr/bin/env bash
# OpenCV darkens the colours of a TIFF by its alpha while it reads it, also with IMREAD_UNCHANGED; of PNG and WebP it does not.
#
# One would expect `IMREAD_UNCHANGED` to return the stored pixels and `IMREAD_COLOR` to drop the alpha, as they do for other
# formats. Seen: a picture whose alpha goes from 0 at the left to 255 at the right is read 63 of 255 levels darker than from a PNG
# with the same pixels; Pillow and imageio return the pixels as stored from both. OpenCV 5 reads such a TIFF by libtiff's
# `TIFFReadRGBAImage...` (`modules/imgcodecs/src/grfmt_tiff.cpp`), which multiplies colours by an alpha that is not "associated".
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check opencv-python-headless==5.0.0.93 pillow==13.0.0 imageio==2.38.1 numpy==2.4.6
cd "$folder"
venv/bin/python - <<'PYTHON'
import sys

import cv2
import imageio.v3
import numpy as np
from PIL import Image

random = np.random.default_rng(0)
colours = np.asarray(Image.fromarray(random.integers(0, 256, (24, 24, 3), np.uint8)).resize((256, 128), Image.Resampling.BICUBIC))
pixels = np.dstack([colours, np.tile(np.arange(256, dtype=np.uint8), (128, 1))])
seen = {}
for name in ("a.png", "a.tif", "a.webp"):
    Image.fromarray(pixels).save(name, **({"lossless": True, "exact": True} if name == "a.webp" else {}))
    read = {
        "Pillow": np.asarray(Image.open(name)),
        "imageio": imageio.v3.imread(name),
        "OpenCV unchanged": cv2.cvtColor(cv2.imread(name, cv2.IMREAD_UNCHANGED), cv2.COLOR_BGRA2RGBA),
        "OpenCV colour": cv2.imread(name)[..., ::-1],
    }
    seen[name] = {library: int(np.abs(image[..., :3].astype(int) - colours).mean().round()) for library, image in read.items()}
print(f"OpenCV {cv2.__version__}, Pillow {Image.__version__}: levels away from the stored colours: {seen}")
right = dict.fromkeys(("Pillow", "imageio", "OpenCV unchanged", "OpenCV colour"), 0)
wrong = seen["a.tif"]
sys.exit(seen["a.png"] != right or seen["a.webp"] != right or wrong["Pillow"] or wrong["imageio"] or min(wrong["OpenCV unchanged"], wrong["OpenCV colour"]) < 40)
PYTHON
