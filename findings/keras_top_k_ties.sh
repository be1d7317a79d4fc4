#!/usr/bin/env bash
# Keras's top-k accuracy of a network that answers the same for every class is 100 %, for every k, 1 included.
#
# Seen: a label counts as among the first k unless k other classes have a higher probability, so ties all count. With ten
# equal probabilities `SparseTopKCategoricalAccuracy(k=1)` is 1.0 where `SparseCategoricalAccuracy` is 0.1, and with an answer
# that is 1 for one class and 0 for the others, as of a nearest neighbour or a saturated softmax, top-5 is 1.0: scikit-learn
# says 0.5. With JAX a network that returns nan has 1.0 too, with TensorFlow 0.0.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check keras==3.15.1 tensorflow-cpu==2.21.0 jax==0.10.2 \
    scikit-learn==1.9.1
cd "$folder"
cat >look.py <<'PYTHON'
import sys

import keras
import numpy as np
from sklearn.metrics import top_k_accuracy_score


def value(metric, answers):
    metric.update_state(labels, answers)
    return round(float(metric.result()), 3)


labels = np.arange(10)
equal, sure, nan = np.full((10, 10), 0.1, "float32"), np.eye(10, dtype="float32")[[3] * 10], np.full((10, 10), np.nan, "float32")
top = keras.metrics.SparseTopKCategoricalAccuracy
seen = (
    value(keras.metrics.SparseCategoricalAccuracy(), equal),
    value(top(1), equal),
    value(top(5), sure),
    top_k_accuracy_score(labels, sure, k=5),
    value(top(5), nan),
)
print(f"Keras {keras.__version__}, {keras.backend.backend()}: equal, accuracy {seen[0]}, top-1 {seen[1]}; "
      f"one class, top-5 {seen[2]}, scikit-learn {seen[3]}; nan, top-5 {seen[4]}")
sys.exit(seen != (0.1, 1.0, 1.0, 0.5, {"tensorflow": 0.0, "jax": 1.0}[keras.backend.backend()]))
PYTHON
for backend in tensorflow jax; do
    KERAS_BACKEND=$backend JAX_PLATFORMS=cpu TF_CPP_MIN_LOG_LEVEL=3 CUDA_VISIBLE_DEVICES= venv/bin/python look.py 2>errors ||
        { cat errors; exit 1; }
done
