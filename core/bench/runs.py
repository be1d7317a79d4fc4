"""A store of many runs: how fast it is read, and how fast each page opens and runs again with it."""

import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from statistics import median
from time import process_time

import numpy as np

from core import runs as store
from core import settings
from core.bench.empty_home import empty_home
from core.config import RunConfig
from core.data import datasets
from core.data.datasets import Dataset
from core.runs import backups, connection, tables

BACKBONES = ("EfficientNetLite0", "ResNet50", "MobileNetV2", "VGG16", "DenseNet121", "ConvNeXtTiny", "Xception")
SIZES = (96, 128, 160, 224)  # pixels
FAILED = 20  # one run of so many
ROUNDS = 3
ROOT = Path(__file__).parents[2]  # of the packages


def runs(*, runs: int = 1000) -> dict:
    """Processor seconds to read a store of so many runs, by SQL and by MLflow's search, and those of each page.

    The runs are written by the store's own functions, with made-up predictions for the shipped sample's test images.
    """
    with empty_home():
        _fill(runs)
        rounds = [(_seconds(_by_sql), _seconds(_by_mlflow)) for _ in range(ROUNDS)]
        timed = [sys.executable, "-m", "dashboard.page_times"]  # a process of its own, which core knows by name alone
        pages = subprocess.run(timed, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
        return {
            "runs": runs,
            "seconds_to_read": median(ours for ours, _ in rounds),
            "seconds_to_read_by_mlflow": median(theirs for _, theirs in rounds),
            "pages": json.loads(pages.stdout),
        }


def _fill(count: int) -> None:
    """Store so many runs: other settings and other predictions in each."""
    sample = datasets.load(datasets.SAMPLE)
    rows = datasets.splits(sample)
    random = np.random.default_rng(0)
    for number in range(count):
        backbone, size = str(random.choice(BACKBONES)), int(random.choice(SIZES))
        run_id = store.create(RunConfig(backbone=backbone, input_size=size, seed=number))
        store.start(run_id)
        if number % FAILED:
            store.finish(run_id, _result(sample, rows, random))
        else:
            store.end(run_id, "failed", error="One that failed")


def _result(sample: Dataset, rows: dict[str, np.ndarray], random: np.random.Generator) -> store.Result:
    labels = sample.labels[rows["test"]]
    scores = random.normal(size=(len(labels), len(sample.class_names)))
    scores[np.arange(len(labels)), labels] += random.uniform(1, 4)
    probabilities = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    return store.judge(
        sample,
        rows,
        probabilities,
        validation_accuracy=0.5,
        seconds={stage: float(random.uniform(0.1, 9)) for stage in store.STAGES},
        images_per_second=float(random.uniform(20, 300)),
        cached=False,
        protocol="Made up for a benchmark",
        weights_origin="untrained",
    )


def _by_sql() -> int:
    with closing(sqlite3.connect(backups.database())) as database:
        _, experiment = connection.connect(settings.tracking_uri())
        return len(tables.read(database, tables.states(database, experiment, ())))


def _by_mlflow() -> int:
    client, experiment = connection.connect(settings.tracking_uri())
    read, token = 0, None
    while read == 0 or token:
        page = client.search_runs([experiment], max_results=1000, page_token=token)
        read, token = read + len(page), page.token
    return read


def _seconds(read: Callable[[], int]) -> float:
    began = process_time()
    read()
    return process_time() - began
