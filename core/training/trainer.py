"""Training a network in stages: the head alone on the frozen backbone, then what is unfrozen; or all from scratch.

A training goes on where its last checkpoint left it, and ends where an unbroken one would have ended.
"""

import hashlib
import json
import logging
import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter

import numpy as np

from core import heads
from core.config import RunConfig
from core.data.datasets import Dataset
from core.errors import ConfigError, DatasetError, Diverged, Paused, RunError, Stopped
from core.progress import Progress, Report, silent
from core.training import checkpoints, freezing, frozen_front, phases, step
from core.training.loop import Epochs, State
from core.training.model import Assembly
from core.training.phases import Material, Stage

SAVE_EVERY = 30.0  # seconds between two checkpoints within an epoch
SAVE_SHARE = 0.05  # of the time may go into writing them

Predict = Callable[[np.ndarray], np.ndarray]
"""Row ids (n,) of the dataset to probabilities (n, classes)."""

log = logging.getLogger(__name__)


@dataclass
class Trained:
    """A network at its best epoch, and how it came there."""

    assembly: Assembly
    chosen: dict[str, float]  # epoch, validation_accuracy, last_epoch, last_validation_accuracy
    stages: list[dict]  # name, epochs, seconds, validation_accuracy; in the order they were tested
    curves: list[dict]  # a point for each epoch: step, stage, loss, accuracy, validation_loss, ...
    images_per_second: float | None  # of the steps of the last stage; None where it had none in this process
    batch_size: int
    notes: tuple[str, ...]  # what a person should know about it
    frozen: freezing.Frozen | None  # what trained
    front_cached: bool  # whether the frozen front was computed once
    peak_memory: int | None  # bytes of this process
    ended: str = "finished"  # or stopped, diverged: with the best until then
    error: str | None = None  # why


def fit(
    config: RunConfig,
    dataset: Dataset,
    rows: dict[str, np.ndarray],
    *,
    folder: Path,
    head: heads.Head | None = None,
    on_stage: Callable[[str, Predict], None] = lambda name, predict: None,
    front_budget: int | None = None,
    report: Report = silent,
) -> Trained:
    """Trains the network of a config and restores its best epoch on validation.

    Args:
        rows: Row ids of "train" and "val".
        folder: Where checkpoints are; one of the same training is gone on with.
        head: A trained probe to start from, instead of a stage of the head alone.
        on_stage: Called with the network as it is at the end of each stage, to test it; it must choose nothing.
        front_budget: Bytes that activations of the frozen front may take, computed once when nothing is augmented;
            0: it is computed in every step. None: what this machine has to spare.

    Raises:
        ConfigError, DatasetError: What is asked for cannot be trained.
        Stopped: `report` raised it before the first epoch was over, or it was `Paused`; the checkpoint is written.
        Diverged: The loss was no number any more before the first epoch was over.
        RunError: A checkpoint cannot be written or read.
    """
    check(config, dataset, rows)
    report(Progress("load", 0, 0))
    rows = {split: rows[split] for split in ("train", "val")}
    material = Material(config, dataset, rows, head, folder, front_budget, report)
    try:
        return _Training(material).run(on_stage)
    except BaseException:
        step.release(material.assembly.model.variables)
        raise
    finally:
        frozen_front.remove(folder)


class _Training:
    """One training from its start, or its last checkpoint, to its end."""

    def __init__(self, material: Material):
        self.material, self.folder = material, material.folder
        self.stages = phases.plan(material.config, material.head)
        self.identity = _identity(material)
        self.state = State(batch_size=material.config.batch_size)
        self.frozen, self.front_cached, self.rate, self.peak_memory = None, False, None, 0

    def run(self, on_stage: Callable[[str, Predict], None]) -> Trained:
        saved, ended, error = self._saved(), "finished", None
        for index, stage in enumerate(self.stages):
            if index < self.state.stage:  # finished before the checkpoint: only its test is to be repeated
                self._restore_best(stage)
            else:
                if index > self.state.stage:
                    self.state.enter(index)
                try:
                    self._train(stage, saved)
                except (Stopped, Diverged) as problem:
                    if isinstance(problem, Paused) or not self.state.curves:
                        raise
                    ended = "diverged" if isinstance(problem, Diverged) else "stopped"
                    error = str(problem) if ended == "diverged" else None
                saved = None
                if not self._points(stage):  # ended before its first epoch did: the stage before is the result
                    self.material.renew()
                    self._restore_best(self.stages[index - 1])
                    break
                self._restore_best(stage)
                self.state.stages.append(self._summary(stage))
            on_stage(stage.name, lambda rows, stage=stage: phases.predict(stage, self.material, rows))
            if ended != "finished":
                break
        return self._trained(ended, error)

    def _train(self, stage: Stage, saved: dict[str, np.ndarray] | None) -> None:
        """Trains from where the state is to the end of the stage."""
        for point in self.state.curves if saved else ():  # when all broke, the last may not have been heard
            self.material.report(Progress(point["stage"], 0, 0, metrics=_measured(point), step=point["step"]))
        self.frozen = phases.freeze(stage, self.material)
        if not self._goes_on(stage):  # it ended while it was tested
            return
        count = len(self.material.rows["train"])
        done = self.state.epoch * count + self.state.images
        self.material.report(Progress(stage.name, done, stage.epochs * count))  # what comes next takes a moment
        prepared = phases.prepare(stage, self.material)
        self.front_cached = prepared.front_cached
        if prepared.note and prepared.note not in self.state.notes:
            self.state.notes.append(prepared.note)
        self.epochs = Epochs(stage, self.material, prepared, self.state, self._save_sometimes)
        if saved:
            step.write(step.moving(self.material.assembly), "weight", saved)
            step.write(self.epochs.model.optimizer.variables, "optimizer", saved)
        self.clock, self.next_save = perf_counter(), perf_counter() + SAVE_EVERY
        try:
            while self._goes_on(stage):
                self._end_epoch(stage, self.epochs.run())
        except Stopped:
            self._save()
            raise
        finally:
            self.rate = self.epochs.pace.rate
            self.peak_memory = max(self.peak_memory, self.epochs.pace.peak_memory)
            step.release(self.epochs.model.optimizer.variables)

    def _end_epoch(self, stage: Stage, point: dict) -> None:
        self.state.curves.append(point)
        self.state.next_epoch()
        if self._best(stage) is point:
            checkpoints.save(self._best_path(stage), self._weights(), {"identity": self.identity, "point": point})
        self._save()
        self.epochs.tell(_measured(point), point["step"])

    # Checkpoints

    def _saved(self) -> dict[str, np.ndarray] | None:
        """The arrays of the last checkpoint of this training, whose state is then ours; None: from the start."""
        found = checkpoints.load(self.folder / "last.npz")
        if found is None:
            return None
        arrays, about = found
        if about["identity"] != self.identity:
            log.warning("The checkpoint in %s is of another training: starting anew", self.folder)
            return None
        self.state = State(**about["state"])
        return arrays

    def _weights(self) -> dict[str, np.ndarray]:
        self.epochs.synchronise()
        return step.read(step.moving(self.material.assembly), "weight")

    def _save_sometimes(self) -> None:
        if perf_counter() > self.next_save:
            self._save()

    def _save(self) -> None:
        began = perf_counter()
        self.state.seconds += began - self.clock
        self.clock = began
        arrays = self._weights() | step.read(self.epochs.model.optimizer.variables, "optimizer")
        if not all(np.isfinite(array).all() for array in arrays.values()):  # the loss would only tell in the next step
            raise self.epochs.diverged(math.nan)
        checkpoints.save(self.folder / "last.npz", arrays, {"identity": self.identity, "state": asdict(self.state)})
        now = perf_counter()
        self.next_save = now + max(SAVE_EVERY, (now - began) / SAVE_SHARE)

    def _best_path(self, stage: Stage) -> Path:
        return self.folder / f"best-{stage.name}.npz"

    def _restore_best(self, stage: Stage) -> None:
        found = checkpoints.load(self._best_path(stage))
        if found is None:
            raise RunError(f"The checkpoint {self._best_path(stage)} is gone", "", "Start a new run with its settings")
        phases.freeze(stage, self.material)
        step.write(step.moving(self.material.assembly), "weight", found[0])

    # What came of it

    def _points(self, stage: Stage) -> list[dict]:
        return [point for point in self.state.curves if point["stage"] == stage.name]

    def _best(self, stage: Stage) -> dict:
        """The epoch of a stage with the best validation accuracy, the first of them."""
        return max(self._points(stage), key=lambda point: point["validation_accuracy"])

    def _goes_on(self, stage: Stage) -> bool:
        patience, points = self.material.config.patience, self._points(stage)
        if not patience or not points or stage.name == "head":
            return self.state.epoch < stage.epochs
        return self.state.epoch < stage.epochs and points[-1]["step"] - self._best(stage)["step"] < patience

    def _summary(self, stage: Stage) -> dict:
        return {
            "name": stage.name,
            "epochs": self.state.epoch,
            "seconds": self.state.seconds,
            "validation_accuracy": self._best(stage)["validation_accuracy"],
        }

    def _trained(self, ended: str, error: str | None) -> Trained:
        tested = self.state.stages[-1]["name"]
        best = self._best(next(stage for stage in self.stages if stage.name == tested))
        last = self.state.curves[-1]
        return Trained(
            assembly=self.material.assembly,
            chosen={
                "epoch": best["step"],
                "validation_accuracy": best["validation_accuracy"],
                "last_epoch": last["step"],
                "last_validation_accuracy": last["validation_accuracy"],
            },
            stages=self.state.stages,
            curves=self.state.curves,
            images_per_second=self.rate,
            batch_size=self.state.batch_size,
            notes=tuple(self.state.notes),
            frozen=self.frozen,
            front_cached=self.front_cached,
            peak_memory=self.peak_memory or None,
            ended=ended,
            error=error,
        )


def check(config: RunConfig, dataset: Dataset, rows: dict[str, np.ndarray]) -> None:
    """Whether there is enough to train on. Raises ConfigError or DatasetError where there is not."""
    for split, what in (("train", "training"), ("val", "validation")):
        if not len(rows[split]):
            raise DatasetError(f"There are no {what} images", "at least one", "Choose a larger part of the dataset")
    count = len(rows["train"])
    if config.batch_size > count:
        raise ConfigError(
            f"A batch of {config.batch_size} is larger than the {count} training images",
            f"a batch size of 1 to {count}",
            "Choose smaller batches or more images",
        )
    missing = sorted(set(range(len(dataset.class_names))) - set(dataset.labels[rows["train"]].tolist()))
    if missing:
        names = ", ".join(dataset.class_names[index] for index in missing[:5])
        raise DatasetError(
            f"{len(missing)} of {len(dataset.class_names)} classes have no training image: {names}",
            "at least one image of each class",
            "Choose more training images",
        )


def _identity(material: Material) -> str:
    """A digest of all that decides about a training."""
    about = {name: value for name, value in asdict(material.config).items() if name != "recipe"}
    known = [about, material.dataset.fingerprint, material.config.encoder.find_weights().digest]
    digest = hashlib.sha256(json.dumps(known, sort_keys=True).encode())
    for array in [*material.rows.values(), *(material.head.arrays().values() if material.head else ())]:
        digest.update(np.ascontiguousarray(array))
    return digest.hexdigest()


def _measured(point: dict) -> dict[str, float]:
    """What a point of the curves says, without where it stands."""
    return {name: value for name, value in point.items() if name not in ("step", "stage")}
