#!/usr/bin/env bash
# Two loaders of Keras and one 16-bit grey PNG, as microscopes and X-ray machines write them: a ramp from 0 to 65,520.
#
# Seen: `image_dataset_from_directory` scales it to 0 .. 255 (mean 127.5). `load_img` gives a nearly white picture (mean
# above 254): it hands the file to Pillow, which clips 16 bits to 8 on the way to RGB. With color_mode="grayscale" the
# same `load_img` gives 0 .. 65,520. So a network that was trained from a folder is asked about another picture.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check keras==3.15.1 tensorflow-cpu==2.21.0 pillow==13.0.0
cd "$folder"
TF_CPP_MIN_LOG_LEVEL=3 CUDA_VISIBLE_DEVICES= venv/bin/python - 2>errors <<'PYTHON' || { cat errors; exit 1; }
import sys
from pathlib import Path

import keras
import numpy as np
import PIL
from PIL import Image

ramp = (np.arange(64 * 64).reshape(64, 64) * 16).astype(np.uint16)
for name in "ab":
    Path("images", name).mkdir(parents=True)
    Image.fromarray(ramp).save(Path("images", name, "ramp.png"))
batches = keras.utils.image_dataset_from_directory("images", image_size=(64, 64), shuffle=False, verbose=False)
means = {
    "image_dataset_from_directory": float(next(iter(batches))[0][0].numpy().mean()),
    "load_img": float(keras.utils.img_to_array(keras.utils.load_img("images/a/ramp.png")).mean()),
    "load_img, grayscale": float(
        keras.utils.img_to_array(keras.utils.load_img("images/a/ramp.png", color_mode="grayscale")).mean()
    ),
}
print(f"Keras {keras.__version__}, Pillow {PIL.__version__}: mean of the pixels by loader: {means}")
folder, rgb, grey = means.values()
sys.exit(not (abs(folder - 127.5) < 0.1 and rgb > 254 and grey == 32760))
PYTHON
