#!/usr/bin/env bash
# Keras's LogitsDistillation, as it is by default, compares logits as if they were probabilities.
#
# Seen: its softmax and its factor of the squared temperature belong to an instance of KLDivergence, while the default
# "kl_divergence" names the function. That one clips its arguments to 0..1, so logarithms of probabilities, which are
# logits without a positive one, all have the same distance to each other: 0.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check keras==3.15.1 numpy==2.3.5 scipy==1.16.3 jax==0.10.2
KERAS_HOME="$folder" KERAS_BACKEND=jax "$folder/venv/bin/python" - <<'PYTHON'
import sys

import keras
import numpy as np

teacher, student = np.log([[0.7, 0.2, 0.1]]), np.log([[0.2, 0.3, 0.5]])
usual, instance = (
    float(keras.distillation.LogitsDistillation(1.0, *loss).compute_loss(teacher, student))
    for loss in ((), (keras.losses.KLDivergence(),))
)
expected = float(np.sum(np.exp(teacher) * (teacher - student)))
print(f"Keras {keras.__version__}: divergence {expected:.3f}; by default {usual:.3f}, with an instance {instance:.3f}")
sys.exit(not (abs(instance - expected) < 1e-3 and usual == 0))
PYTHON
