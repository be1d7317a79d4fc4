#!/usr/bin/env bash
# Keras's `gaussian_blur` mixes the colours of an image in place of its rows, on JAX and PyTorch: white becomes green.
#
# One would expect each colour to be blurred by itself on every backend. Seen: by default, with JAX, the middle of a red image is
# (0.45, 0.27, 0), of a white one (0.73, 1, 0.73), of a grey one of a single channel 0.45, and an edge between two rows stays sharp.
# With TensorFlow they are what they were and the edge is soft, as with `data_format="channels_last"` on JAX, though that is the default.
# Where it is not given, None reaches the backend, which then takes rows for channels, and columns and colours for the picture
# (`keras/src/backend/jax/image.py`); the layer `RandomGaussianBlur` names it. Pull request 23542 of Keras (August 2026) mends
# it, after this release. An augmentation that was right with TensorFlow trains on other pictures with JAX.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check keras==3.15.1 tensorflow-cpu==2.21.0 jax==0.10.2 numpy==2.4.6
cd "$folder"
cat >look.py <<'PYTHON'
import sys

import keras
import numpy as np


def blurred(image, **options):
    """The image (16, 16, channels) blurred, alone in its batch."""
    answer = keras.ops.image.gaussian_blur(image[None].astype(np.float32), (3, 3), (1.0, 1.0), **options)
    return keras.ops.convert_to_numpy(answer)[0]


red, white, grey = np.ones((16, 16, 3)) * (1, 0, 0), np.ones((16, 16, 3)), np.ones((16, 16, 1))
halves = np.concatenate([np.zeros((8, 16, 3)), np.ones((8, 16, 3))])
seen = {}
for name, options in {"by default": {}, "channels_last": {"data_format": "channels_last"}}.items():
    seen[name] = {
        "red": blurred(red, **options)[8, 8].round(2).tolist(),
        "white": blurred(white, **options)[8, 8].round(2).tolist(),
        "grey": blurred(grey, **options)[8, 8].round(2).tolist(),
        "the edge": blurred(halves, **options)[6:10, 8, 1].round(2).tolist(),
    }
    seen[name] = {picture: [round(value, 2) for value in values] for picture, values in seen[name].items()}
print(f"Keras {keras.__version__}, {keras.backend.backend()}: {seen}")
right = {"red": [1, 0, 0], "white": [1, 1, 1], "grey": [1], "the edge": [0, 0.27, 0.73, 1]}
wrong = {"red": [0.45, 0.27, 0], "white": [0.73, 1, 0.73], "grey": [0.45], "the edge": [0, 0, 1, 1]}
sys.exit(seen != {"by default": wrong if keras.backend.backend() == "jax" else right, "channels_last": right})
PYTHON
for backend in tensorflow jax; do
    KERAS_BACKEND=$backend JAX_PLATFORMS=cpu TF_CPP_MIN_LOG_LEVEL=3 CUDA_VISIBLE_DEVICES= venv/bin/python look.py 2>errors ||
        { cat errors; exit 1; }
done
