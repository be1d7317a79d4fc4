#!/usr/bin/env bash
# Keras imports scikit-learn wherever it is installed, for three wrappers that few programs use.
#
# Seen: `import keras` brings `keras.wrappers`, whose base classes are scikit-learn's, and with them `scipy.stats`. Where
# scikit-learn is not installed, Keras does without. With both, every process that imports Keras pays for it: a quarter of
# the time where TensorFlow is the backend, a third with NumPy as here.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check keras==3.15.1 numpy==2.3.5 scipy==1.16.3 jax==0.10.2 \
	scikit-learn==1.8.0
cat >"$folder/look.py" <<'PYTHON'
import sys
import time

if sys.argv[1] == "without":
    sys.modules["sklearn"] = None  # as if it were not installed
began = time.process_time()
import keras

wrapped = "scipy.stats" in sys.modules
print(f"Keras {keras.__version__} {sys.argv[1]} scikit-learn: {time.process_time() - began:.1f} s, scipy.stats: {wrapped}")
sys.exit(wrapped is (sys.argv[1] == "without"))
PYTHON
for way in with without with without; do  # the first ones compile
	KERAS_HOME="$folder" KERAS_BACKEND=numpy "$folder/venv/bin/python" "$folder/look.py" "$way"
done
