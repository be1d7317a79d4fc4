"""The learning-rate finder: a short training run with a rising learning rate, and the rate that its loss suggests.

Smith, Cyclical learning rates for training neural networks (arXiv:1506.01186). The loss is measured on the same
images after each step: losses of the batches themselves vary more between batches than between rates.
"""

import math
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from time import perf_counter

import numpy as np
import pandas as pd

from core.config import RunConfig
from core.data.datasets import Dataset
from core.progress import Progress, Report, silent
from core.training import inputs, layer_decay, optimizers, phases, trainer
from core.training import step as train_step
from core.training.loop import Epochs, State

STEPS = 100
FIRST, LAST = 1e-7, 1.0  # learning rates
JUDGED = 128  # images on which the loss is measured
EXPLODED = 4  # times the lowest loss: from there it only rises
LEARNED = 0.02  # a rate counts as learning once the loss has fallen by this share of its first value
HEAD_EPOCHS = 2  # at most, so that the gradients of the backbone are not those of a random head


def rise(
    config: RunConfig,
    dataset: Dataset,
    rows: dict[str, np.ndarray],
    report: Report = silent,
    *,
    teach: Callable[[np.ndarray], np.ndarray] | None = None,
) -> tuple[pd.DataFrame, float | None]:
    """The loss while the learning rate of the last phase rises; nothing of this training is kept.

    Args:
        rows: Row ids of "train" and "val"; at most `STEPS` batches of them are used.
        teach: For a config with a teacher, from row ids (n,) to the teacher's probabilities (n, classes).

    Returns:
        A table of `learning_rate` and `loss`, one row per step until the loss explodes; and a learning rate to try: a
        tenth of the one with the lowest loss, or None if no rate reduced the loss noticeably.

    Raises:
        ConfigError, DatasetError: Training could not start.
    """
    trainer.check(dataset, rows, config.batch_size)
    report(Progress("load", 0, 0, unit="steps"))
    random = np.random.default_rng(config.seed)
    some = random.permutation(rows["train"])[: STEPS * config.batch_size]
    with tempfile.TemporaryDirectory() as folder:
        few = {"train": some, "val": rows["val"][:1]}
        taught = teach(some) if teach else None
        material = phases.Material(config, dataset, few, Path(folder), report, taught=taught)
        *before, phase = phases.plan(config, None)
        for head in before:
            _train_head(head, material)
        phases.freeze(phase, material)
        prepared = phases.prepare(phase, material)
        losses = _losses(phase, prepared, material)
        train_step.release([*prepared.model.optimizer.variables, *material.assembly.model.variables])
        del prepared  # it may keep files of the folder open
    rates = FIRST * (LAST / FIRST) ** (np.arange(len(losses)) / (STEPS - 1))
    lowest = int(np.argmin(losses))
    learns = losses[lowest] < (1 - LEARNED) * losses[0]
    return pd.DataFrame({"learning_rate": rates, "loss": losses}), float(rates[lowest] / 10) if learns else None


def _train_head(phase: phases.Phase, material: phases.Material) -> None:
    phases.freeze(phase, material)
    state = State(batch_size=material.config.batch_size)
    epochs = Epochs(phase, material, phases.prepare(phase, material), state, lambda: None)
    for _ in range(min(phase.epochs, HEAD_EPOCHS)):
        epochs.run()
        state.next_epoch()


def _losses(phase: phases.Phase, prepared: phases.Prepared, material: phases.Material) -> list[float]:
    """The loss of the same images after each step."""
    config, model, losses = material.config, prepared.model, []
    shares = layer_decay.shares(material.assembly.network, phase.layer_decay)
    optimizer = optimizers.build_layerwise(
        config, lambda share: optimizers.rising(share * FIRST, share * LAST, STEPS), shares
    )
    train_step.compile(model, optimizer, config)
    judged = np.arange(min(JUDGED, len(prepared.sources["train"])))
    images, targets = prepared.sources["train"].take(judged), material.targets("train")[judged]
    for step, batch in zip(range(STEPS), _batches(prepared, material), strict=False):
        model.train_on_batch(*batch)
        loss = float(model.test_on_batch(images, targets, return_dict=True)["loss"])
        if not math.isfinite(loss) or (losses and loss > EXPLODED * min(losses)):
            break
        losses.append(loss)
        if not step:
            began = perf_counter()  # the first step includes compilation
        left = (perf_counter() - began) / step * (STEPS - 1 - step) if step else None
        material.report(Progress("train", step + 1, STEPS, unit="steps", seconds_left=left))
    return losses


def _batches(prepared: phases.Prepared, material: phases.Material) -> Iterator[tuple]:
    """Batches, epoch after epoch."""
    for epoch in range(STEPS):
        yield from inputs.stream(
            prepared.sources["train"],
            material.targets("train"),
            material.image_weights(),
            batch_size=material.config.batch_size,
            seed=(material.config.seed, epoch),
        )
