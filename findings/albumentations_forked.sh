#!/usr/bin/env bash
# Albumentations augments alike in every process that was forked: four workers, a quarter of the variety.
#
# Seen: its pipeline draws from a generator of its own, made with the pipeline, and a fork copies it. Four processes that each
# augment a hundred copies of one image return a hundred different pictures, each four times. `numpy.random.seed` or `random.seed`
# in a worker, the usual remedy, changes nothing; a pipeline made in the worker does, or `set_random_seed` there.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check albumentations==2.0.8 numpy==2.4.6
cd "$folder"
NO_ALBUMENTATIONS_UPDATE=1 venv/bin/python - 2>errors <<'PYTHON' || { cat errors; exit 1; }
import multiprocessing
import os
import sys
import zlib

import albumentations
import numpy as np

image = np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8)
PIPELINES = ("made before", "made before, NumPy seeded", "made in the worker")


def pipeline():
    return albumentations.Compose([albumentations.Affine(rotate=(-90, 90), p=1)])


shared = pipeline()


def pictures(queue, name):
    if name.endswith("seeded"):
        np.random.seed(os.getpid())
    augment = pipeline() if name == "made in the worker" else shared
    queue.put([zlib.crc32(augment(image=image)["image"].tobytes()) for _ in range(100)])


context, seen = multiprocessing.get_context("fork"), {}
for name in PIPELINES:
    queues = [context.Queue() for _ in range(4)]
    workers = [context.Process(target=pictures, args=(queue, name)) for queue in queues]
    for worker in workers:
        worker.start()
    seen[name] = len({picture for queue in queues for picture in queue.get(timeout=60)})
    for worker in workers:
        worker.join()
print(f"Albumentations {albumentations.__version__}: different ones of 400 pictures by four processes, the pipeline {seen}")
sys.exit(not (seen["made before"] <= 100 and seen["made before, NumPy seeded"] <= 100 and seen["made in the worker"] > 350))
PYTHON
