#!/usr/bin/env bash
# TensorFlow's softmax of logits with one nan gives every other class 0, where oneDNN computes it; all are nan without oneDNN.
#
# One would expect nan everywhere, since the sum is nan. Seen: with a logit of nan for the class 1, `tf.nn.softmax`, and so a Dense
# layer of Keras, answers 0, nan, 0, 0. TensorFlow's `argmax` passes over nan, so each image is of class 0, with probabilities of
# exactly 0 that look like an answer, and the accuracy is the share of that class. With `TF_ENABLE_ONEDNN_OPTS=0`, in float64, by
# `log_softmax`, with `jit_compile=True` and in JAX all classes are nan. On a CPU, TensorFlow gives softmax in float32 and bfloat16 to
# oneDNN, which takes a maximum that is not nan; its own kernel (`core/kernels/softmax_op_functor.h`) takes one that is.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check tensorflow-cpu==2.21.0 jax==0.10.2 numpy==2.4.6
cd "$folder"
cat >look.py <<'PYTHON'
import os
import sys

import jax
import numpy as np
import tensorflow as tf

logits = np.array([[1, np.nan, 3, 2]], np.float32)
seen = {
    "softmax": tf.nn.softmax(logits).numpy()[0],
    "in float64": tf.nn.softmax(logits.astype(np.float64)).numpy()[0],
    "compiled by XLA": tf.function(tf.nn.softmax, jit_compile=True)(logits).numpy()[0],
    "log_softmax": tf.nn.log_softmax(logits).numpy()[0],
    "JAX": np.asarray(jax.nn.softmax(logits))[0],
}
first = int(tf.argmax(tf.nn.softmax(logits), axis=1)[0])
print(f"TensorFlow {tf.__version__}, oneDNN {os.environ['TF_ENABLE_ONEDNN_OPTS']}: of {logits[0]} {seen}; argmax {first}")
right = [0, np.nan, 0, 0] if os.environ["TF_ENABLE_ONEDNN_OPTS"] == "1" else [np.nan] * 4
as_said = np.array_equal(seen.pop("softmax"), right, equal_nan=True)
sys.exit(not (as_said and all(np.isnan(values).all() for values in seen.values()) and first == 0))
PYTHON
for onednn in 1 0; do
    TF_ENABLE_ONEDNN_OPTS=$onednn TF_CPP_MIN_LOG_LEVEL=3 CUDA_VISIBLE_DEVICES= JAX_PLATFORMS=cpu venv/bin/python look.py 2>errors ||
        { cat errors; exit 1; }
done
