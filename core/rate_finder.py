"""The learning-rate finder: a short training while the rate rises from nearly nothing, and what its loss suggests.

Smith, Cyclical learning rates for training neural networks (arXiv:1506.01186); smoothing and suggestion as in fastai.
"""

import math
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from core import batches, optimizers, stages, trainee, training
from core.backbones import Weights
from core.config import RunConfig
from core.datasets import Dataset
from core.epochs import Epochs, State
from core.progress import Progress, Report, silent

STEPS = 100
FIRST, LAST = 1e-7, 1.0  # learning rates
SMOOTHING = 0.9  # weight of the steps before
RUN_AWAY = 4  # times the lowest loss: it only rises from there
HEAD_EPOCHS = 2  # at most, so that the gradients of the backbone are not those of a random head


def find(
    config: RunConfig, dataset: Dataset, rows: dict[str, np.ndarray], *, weights: Weights, report: Report = silent
) -> tuple[pd.DataFrame, float]:
    """What the loss does while the learning rate of the last stage rises; nothing is kept of this training.

    Args:
        rows: Row ids of "train" and "val"; no more than `STEPS` batches of them are looked at.

    Returns:
        A table of `learning_rate` and smoothed `loss`, a row a step until the loss runs away; and a learning rate to
        try: a tenth of that where the loss was lowest.

    Raises:
        ConfigError, DatasetError: The training itself could not start.
    """
    training.check(config, dataset, rows)
    report(Progress("load", 0, 0, unit="steps"))
    random = np.random.default_rng(config.seed)
    some = random.permutation(rows["train"])[: STEPS * config.batch_size]
    with tempfile.TemporaryDirectory() as folder:
        few = {"train": some, "val": rows["val"][:1]}
        material = stages.Material(config, dataset, few, weights, None, Path(folder), None, report)
        *before, stage = stages.plan(config, None)
        for head in before:
            _train_head(head, material)
        stages.freeze(stage, material)
        prepared = stages.prepare(stage, material)
        losses = _rise(prepared, material)
        del prepared  # it may hold files of the folder
    rates = FIRST * (LAST / FIRST) ** (np.arange(len(losses)) / (STEPS - 1))
    return pd.DataFrame({"learning_rate": rates, "loss": losses}), float(rates[int(np.argmin(losses))] / 10)


def _train_head(stage: stages.Stage, material: stages.Material) -> None:
    stages.freeze(stage, material)
    state = State(batch_size=material.config.batch_size)
    epochs = Epochs(stage, material, stages.prepare(stage, material), state, lambda: None)
    for _ in range(min(stage.epochs, HEAD_EPOCHS)):
        epochs.run()
        state.next_epoch()


def _rise(prepared: stages.Prepared, material: stages.Material) -> list[float]:
    """The smoothed loss of each step."""
    config, model, losses, average = material.config, prepared.model, [], 0.0
    optimizer = optimizers.build(config, optimizers.rising(FIRST, LAST, STEPS))
    trainee.compile(model, optimizer, config.label_smoothing)
    for step, batch in zip(range(STEPS), _batches(prepared, material), strict=False):
        loss = float(model.train_on_batch(*batch, return_dict=True)["loss"])
        average = SMOOTHING * average + (1 - SMOOTHING) * loss
        smooth = average / (1 - SMOOTHING ** (step + 1))  # as if it had not started at 0
        if not math.isfinite(loss) or (losses and smooth > RUN_AWAY * min(losses)):
            break
        losses.append(smooth)
        material.report(Progress("train", step + 1, STEPS, unit="steps"))
    return losses


def _batches(prepared: stages.Prepared, material: stages.Material):
    """As many batches as anybody wants, epoch after epoch."""
    for epoch in range(STEPS):
        yield from batches.stream(
            prepared.sources["train"], material.targets("train"), material.image_weights(),
            batch_size=material.config.batch_size, seed=(material.config.seed, epoch),
        )  # fmt: skip
