"""What the server keeps between script runs, and what the workers do for it: one module per subject."""

from dashboard.server import (
    anatomy,
    blobs,
    datasets,
    engine,
    explain,
    exports,
    few_shot,
    ideas,
    layers,
    maps,
    robustness,
    runs,
    tasks,
    throughput,
    training,
    zero_shot,
)

__all__ = [
    "anatomy",
    "blobs",
    "datasets",
    "engine",
    "explain",
    "exports",
    "few_shot",
    "ideas",
    "layers",
    "maps",
    "robustness",
    "runs",
    "tasks",
    "throughput",
    "training",
    "zero_shot",
]
