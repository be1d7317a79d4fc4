"""The learning-rate finder: a short training while the rate rises from nearly nothing, and what its loss suggests.

Smith, Cyclical learning rates for training neural networks (arXiv:1506.01186). The loss is that of the same images
after each step: the losses of the batches themselves differ more from batch to batch than from rate to rate.
"""

import math
import tempfile
from pathlib import Path
from time import perf_counter

import numpy as np
import pandas as pd

from core import protocol
from core.config import RunConfig
from core.data import datasets
from core.data.datasets import Dataset
from core.errors import ConfigError
from core.progress import Progress, Report, silent
from core.training import inputs, optimizers, phases, trainer
from core.training import step as train_step
from core.training.loop import Epochs, State

STEPS = 100
FIRST, LAST = 1e-7, 1.0  # learning rates
JUDGED = 128  # images whose loss is looked at
RUN_AWAY = 4  # times the lowest loss: it only rises from there
LEARNED = 0.02  # share of the first loss that has to go before a rate counts as one that learns
HEAD_EPOCHS = 2  # at most, so that the gradients of the backbone are not those of a random head


def find(config: RunConfig, report: Report = silent) -> tuple[pd.DataFrame, float | None]:
    """`rise` on the images that the run would train on.

    Raises:
        LabError: The run would fail with the same message.
    """
    if not config.trains:
        raise ConfigError(f"The method is {config.method}", "a fine-tune or a training from scratch")
    dataset = datasets.load(config.dataset)
    rows = protocol.choose_rows(dataset, config)
    config.encoder.find_weights(report)
    return rise(config, dataset, rows, report)


def rise(
    config: RunConfig, dataset: Dataset, rows: dict[str, np.ndarray], report: Report = silent
) -> tuple[pd.DataFrame, float | None]:
    """What the loss does while the learning rate of the last stage rises; nothing is kept of this training.

    Args:
        rows: Row ids of "train" and "val"; no more than `STEPS` batches of them are looked at.

    Returns:
        A table of `learning_rate` and `loss`, a row a step until the loss runs away; and a learning rate to try: a
        tenth of that where the loss was lowest. None where no rate made it noticeably lower.

    Raises:
        ConfigError, DatasetError: The training itself could not start.
    """
    trainer.check(config, dataset, rows)
    report(Progress("load", 0, 0, unit="steps"))
    random = np.random.default_rng(config.seed)
    some = random.permutation(rows["train"])[: STEPS * config.batch_size]
    with tempfile.TemporaryDirectory() as folder:
        few = {"train": some, "val": rows["val"][:1]}
        material = phases.Material(config, dataset, few, None, Path(folder), None, report)
        *before, stage = phases.plan(config, None)
        for head in before:
            _train_head(head, material)
        phases.freeze(stage, material)
        prepared = phases.prepare(stage, material)
        losses = _losses(prepared, material)
        train_step.release([*prepared.model.optimizer.variables, *material.assembly.model.variables])
        del prepared  # it may hold files of the folder
    rates = FIRST * (LAST / FIRST) ** (np.arange(len(losses)) / (STEPS - 1))
    lowest = int(np.argmin(losses))
    learns = losses[lowest] < (1 - LEARNED) * losses[0]
    return pd.DataFrame({"learning_rate": rates, "loss": losses}), float(rates[lowest] / 10) if learns else None


def _train_head(stage: phases.Stage, material: phases.Material) -> None:
    phases.freeze(stage, material)
    state = State(batch_size=material.config.batch_size)
    epochs = Epochs(stage, material, phases.prepare(stage, material), state, lambda: None)
    for _ in range(min(stage.epochs, HEAD_EPOCHS)):
        epochs.run()
        state.next_epoch()


def _losses(prepared: phases.Prepared, material: phases.Material) -> list[float]:
    """The loss of the same images after each step."""
    config, model, losses = material.config, prepared.model, []
    optimizer = optimizers.build(config, optimizers.rising(FIRST, LAST, STEPS))
    train_step.compile(model, optimizer, config.label_smoothing)
    judged = np.arange(min(JUDGED, len(prepared.sources["train"])))
    images, targets = prepared.sources["train"].take(judged), material.targets("train")[judged]
    for step, batch in zip(range(STEPS), _batches(prepared, material), strict=False):
        model.train_on_batch(*batch)
        loss = float(model.test_on_batch(images, targets, return_dict=True)["loss"])
        if not math.isfinite(loss) or (losses and loss > RUN_AWAY * min(losses)):
            break
        losses.append(loss)
        if not step:
            began = perf_counter()  # the first step waited for the compiler
        left = (perf_counter() - began) / step * (STEPS - 1 - step) if step else None
        material.report(Progress("train", step + 1, STEPS, unit="steps", seconds_left=left))
    return losses


def _batches(prepared: phases.Prepared, material: phases.Material):
    """As many batches as anybody wants, epoch after epoch."""
    for epoch in range(STEPS):
        yield from inputs.stream(
            prepared.sources["train"], material.targets("train"), material.image_weights(),
            batch_size=material.config.batch_size, seed=(material.config.seed, epoch),
        )  # fmt: skip
