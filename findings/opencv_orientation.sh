#!/usr/bin/env bash
# OpenCV turns a JPEG, a PNG and a WebP as their camera was held, and an AVIF not; imageio turns none of them.
#
# Seen: the same photo with orientation 6, saved by Pillow in four formats: OpenCV's `imread` gives it upright for three, and on its side
# for the fourth. Pillow's `exif_transpose` turns all. With IMREAD_UNCHANGED, which is asked for to keep the alpha channel, OpenCV
# turns none. A folder converted to AVIF to save space is then another dataset.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check opencv-python-headless==5.0.0.93 pillow==13.0.0 imageio==2.37.0 numpy==2.4.6
cd "$folder"
venv/bin/python - <<'PYTHON'
import sys

import cv2
import imageio.v3 as imageio
from PIL import Image, ImageOps

exif = Image.Exif()
exif[274] = 6
seen = {}
for kind in ("jpg", "png", "webp", "avif"):
    Image.new("RGB", (160, 120)).save(f"photo.{kind}", exif=exif)
    heights = {
        "exif_transpose": ImageOps.exif_transpose(Image.open(f"photo.{kind}")).height,
        "OpenCV": cv2.imread(f"photo.{kind}").shape[0],
        "OpenCV, unchanged": cv2.imread(f"photo.{kind}", cv2.IMREAD_UNCHANGED).shape[0],
        "imageio": imageio.imread(f"photo.{kind}").shape[0],
    }
    seen[kind] = {name: height == 160 for name, height in heights.items()}
print(f"OpenCV {cv2.__version__}: turned upright: {seen}")
right = {"exif_transpose": True, "OpenCV": True, "OpenCV, unchanged": False, "imageio": False}
sys.exit(any(seen[kind] != right for kind in ("jpg", "png", "webp")) or seen["avif"] != right | {"OpenCV": False})
PYTHON
