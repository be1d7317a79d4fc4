#!/usr/bin/env bash
# OpenVINO's cache of compiled models does not look at the weights: after new ones are put in place the old network answers.
#
# Seen: with CACHE_DIR set, `compile_model("model.xml")` goes by the .xml alone. A .bin with other weights that is copied over the
# old one, as after a further training of the same network, is ignored by this process and by the next, until the .xml is touched.
# `compile_model(core.read_model("model.xml"))` reads the new weights, and so does a Core without a cache.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check openvino==2026.4.1 openvino-telemetry==2025.2.0
cat >"$folder/look.py" <<'PYTHON'
import shutil
import sys
import time
from pathlib import Path

import numpy as np
import openvino
from openvino import opset13 as op


def save(weight, name):
    x = op.parameter([1, 64], np.float32)
    product = op.matmul(x, op.constant(np.full((64, 1), weight, np.float32)), False, False)
    openvino.save_model(openvino.Model([product], [x]), name, compress_to_fp16=False)


def answer(read=False):
    core = openvino.Core()
    core.set_property({"CACHE_DIR": "cache"})
    compiled = core.compile_model(core.read_model("model.xml") if read else "model.xml", "CPU")
    return float(compiled(np.ones((1, 64), np.float32))[0][0, 0])


save(1, "model.xml")
save(2, "other.xml")
first = answer()
time.sleep(1.1)
shutil.copyfile("other.bin", "model.bin")
swapped, read = answer(), answer(read=True)
Path("model.xml").touch()
seen = {"first": first, "other .bin": swapped, "read first": read, "touched": answer()}
print(f"OpenVINO {openvino.__version__}: answers for weights of 64, 128, 128 and 128: {seen}")
sys.exit(list(seen.values()) != [64, 64, 128, 128])
PYTHON
cd "$folder"
OPENVINO_TELEMETRY=0 venv/bin/python look.py
