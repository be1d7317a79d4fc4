#!/usr/bin/env bash
# TensorFlow reads a BMP with a palette as grey: the numbers of the colours in the palette are taken for brightness.
#
# Seen: a BMP of 8 bits, as microscopes and older collections have them, is read without an error by `decode_image` with three channels, and
# by Keras's `image_dataset_from_directory`, as a picture a third of the whole range away from the one that Pillow and every
# viewer show. A PNG or GIF with the same palette is right, as is a grey BMP, whose palette is a ramp.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check tensorflow-cpu==2.21.0 keras==3.15.1 pillow==13.0.0
cd "$folder"
TF_CPP_MIN_LOG_LEVEL=3 CUDA_VISIBLE_DEVICES= venv/bin/python - 2>errors <<'PYTHON' || { cat errors; exit 1; }
import os
import sys

import keras
import numpy as np
import tensorflow as tf
from PIL import Image

pixels = np.random.default_rng(0).integers(0, 255, (6, 8, 3), dtype=np.uint8)
photo = Image.fromarray(pixels).resize((160, 120), Image.Resampling.BICUBIC)
indexed = photo.convert("P", palette=Image.Palette.ADAPTIVE)
os.makedirs("folder/class")
seen = {}
for name, image in {"grey.bmp": photo.convert("L"), "palette.png": indexed, "palette.bmp": indexed, "folder/class/palette.bmp": indexed}.items():
    image.save(name)
    shown = np.asarray(Image.open(name).convert("RGB"), np.float32)
    if "/" in name:
        dataset = keras.utils.image_dataset_from_directory("folder", image_size=(120, 160), batch_size=None, verbose=False)
        read = next(iter(dataset))[0].numpy()
    else:
        read = tf.io.decode_image(tf.io.read_file(name), channels=3).numpy().astype(np.float32)
    seen[name] = round(float(np.abs(read - shown).mean()), 1)
print(f"TensorFlow {tf.__version__}, Keras {keras.__version__}: mean distance from Pillow's pixels, of 255: {seen}")
grey, png, bmp, keras_bmp = seen.values()
sys.exit(not (grey == png == 0 and bmp > 20 and keras_bmp > 20))
PYTHON
