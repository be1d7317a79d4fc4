"""Training a network in phases: the head alone on the frozen backbone, then the unfrozen layers; or all from scratch.

Interrupted training resumes from its last checkpoint, and ends with the same result as uninterrupted training.
"""

import hashlib
import json
import logging
import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from core import backbones, heads
from core.config import RunConfig
from core.data.datasets import Dataset
from core.errors import ConfigError, DatasetError, Diverged, Paused, Stopped
from core.features import compiled
from core.progress import Progress, Report, silent
from core.training import checkpoints, freezing, frozen_front, phases, step
from core.training.loop import Epochs, State
from core.training.model import Assembly
from core.training.phases import Material, Phase

TEACHING = ("teacher", "temperature", "teacher_weight")  # fields of a config
SAVE_EVERY = 30.0  # seconds between checkpoints within an epoch
SAVE_SHARE = 0.05  # of the training time, at most, for writing checkpoints

Predict = Callable[[np.ndarray], np.ndarray]
"""Row ids (n,) of the dataset to probabilities (n, classes)."""

log = logging.getLogger(__name__)


@dataclass
class Trained:
    """A network at its best epoch, and how it was trained."""

    assembly: Assembly
    chosen: dict[str, float]  # epoch, validation_accuracy, last_epoch, last_validation_accuracy
    phases: list[dict]  # name, epochs, seconds, validation_accuracy; in the order of testing
    curves: list[dict]  # one point per epoch: step, stage (its phase), loss, accuracy, validation_loss, ...
    images_per_second: float | None  # in the steps of the last phase; None if it ran none in this process
    tested_per_second: float | None  # images in its last test; None if it was a single batch that compiles
    batch_size: int
    notes: tuple[str, ...]  # shown to the user
    frozen: freezing.Frozen | None  # what trained
    front_cached: bool  # whether the frozen front was precomputed
    peak_memory: int | None  # bytes of this process
    build_seconds: float  # of building the network, and of first batches, which compile
    ended: str = "finished"  # or stopped, diverged: with the best epoch so far
    error: str | None = None  # why

    @property
    def measured(self) -> dict[str, Any]:
        """What an `Outcome` says about the training."""
        counts = ("trainable_params", "trainable_weight_layers", "weight_layers")
        return {name: getattr(self.frozen, name, None) for name in counts} | {
            "total_params": self.frozen and self.frozen.params,
            "validation_accuracy": self.chosen["validation_accuracy"],
            "chosen": self.chosen,
            "notes": list(self.notes),
            "batch_size": self.batch_size,
            "train_images_per_second": self.images_per_second,
            "peak_memory": self.peak_memory,
        }


def fit(
    config: RunConfig,
    dataset: Dataset,
    rows: dict[str, np.ndarray],
    *,
    folder: Path,
    head: heads.Head | None = None,
    taught: np.ndarray | None = None,
    on_phase: Callable[[str, Predict], None] = lambda name, predict: None,
    front_budget: int | None = None,
    report: Report = silent,
) -> Trained:
    """Train the network of a config and restore the epoch with the best validation accuracy.

    Args:
        rows: Row ids of "train" and "val".
        folder: Folder of the checkpoints; an existing one of the same training is resumed.
        head: A trained probe to start from, instead of a head phase.
        taught: (n, classes) float32, the teacher's probabilities for the training images of a config that has one.
        on_phase: Called at the end of each phase to test the network; must not influence any choice.
        front_budget: Bytes that cached activations of the frozen front may take (without augmentation); 0: the front
            runs in every step. None: what this machine can spare.

    Raises:
        ConfigError, DatasetError: This config cannot be trained.
        Stopped: `report` raised it before the end of the first epoch, or raised `Paused`; a checkpoint is written.
        Diverged: The loss became non-finite before the end of the first epoch.
        RunError: A checkpoint cannot be written or read.
    """
    check(dataset, rows, config.batch_size)
    report(Progress("load", 0, 0))
    rows = {split: rows[split] for split in ("train", "val")}
    material = Material(config, dataset, rows, folder, report, head, taught, front_budget)
    try:
        with compiled.computing(config.encoder.precision):
            return _Training(material).run(on_phase)
    except BaseException:
        step.release(material.assembly.model.variables)
        raise
    finally:
        frozen_front.remove(folder)


class _Training:
    """Training from the start, or from the last checkpoint, to the end."""

    def __init__(self, material: Material):
        self.material, self.folder = material, material.folder
        self.phases = phases.plan(material.config, material.head)
        self.identity = _identity(material)
        self.state = State(batch_size=material.config.batch_size)
        self.frozen, self.front_cached, self.rate, self.peak_memory = None, False, None, 0

    def run(self, on_phase: Callable[[str, Predict], None]) -> Trained:
        saved, ended, error = self._saved(), "finished", None
        for index, phase in enumerate(self.phases):
            if index < self.state.stage:  # finished before the checkpoint: only its test is repeated
                self._restore_best(phase)
            else:
                if index > self.state.stage:
                    self.state.enter(index)
                try:
                    self._train(phase, saved)
                except (Stopped, Diverged) as problem:
                    if isinstance(problem, Paused) or not self.state.curves:
                        raise
                    ended = "diverged" if isinstance(problem, Diverged) else "stopped"
                    error = str(problem) if ended == "diverged" else None
                saved = None
                if not self._points(phase):  # ended within its first epoch: the previous phase is the result
                    self.material.renew()
                    self._restore_best(self.phases[index - 1])
                    break
                self._restore_best(phase)
                self.state.stages.append(self._summary(phase))
            on_phase(phase.name, lambda rows, phase=phase: phases.predict(phase, self.material, rows))
            if ended != "finished":
                break
        return self._trained(ended, error)

    def _train(self, phase: Phase, saved: dict[str, np.ndarray] | None) -> None:
        """Train from the current state to the end of the phase."""
        for point in self.state.curves if saved else ():  # the last may not have been reported before the interruption
            self.material.report(Progress(point["stage"], 0, 0, metrics=_measured(point), step=point["step"]))
        self.frozen = phases.freeze(phase, self.material)
        count = len(self.material.rows["train"])
        if self.frozen and (noisy := freezing.noisy_batchnorm(self.frozen, self.material.config, count)):
            log.warning(noisy)
            self._note(noisy.removesuffix("."))
        if not self._continues(phase):  # interrupted during its test
            return
        done = self.state.epoch * count + self.state.images
        self.material.report(Progress(phase.name, done, phase.epochs * count))  # preparation takes a while
        prepared = phases.prepare(phase, self.material)
        self.front_cached = prepared.front_cached
        self._note(prepared.note)
        self.epochs = Epochs(phase, self.material, prepared, self.state, self._save_sometimes)
        if saved:
            step.write(step.moving(self.material.assembly), "weight", saved)
            step.write(self.epochs.model.optimizer.variables, "optimizer", saved)
        self.clock, self.next_save = perf_counter(), perf_counter() + SAVE_EVERY
        try:
            while self._continues(phase):
                self._end_epoch(phase, self.epochs.run())
        except Stopped:
            self._save()
            raise
        finally:
            self.rate = self.epochs.pace.rate
            self.peak_memory = max(self.peak_memory, self.epochs.pace.peak_memory)
            step.release(self.epochs.model.optimizer.variables)

    def _note(self, sentence: str) -> None:
        if sentence and sentence not in self.state.notes:
            self.state.notes.append(sentence)

    def _end_epoch(self, phase: Phase, point: dict) -> None:
        self.state.curves.append(point)
        self.state.next_epoch()
        if self._best(phase) is point:
            checkpoints.save(self._best_path(phase), self._weights(), {"identity": self.identity, "point": point})
        self._save()
        self.epochs.report(_measured(point), point["step"])

    # Checkpoints

    def _saved(self) -> dict[str, np.ndarray] | None:
        """The arrays of the last checkpoint of this training, whose state is restored; None: start anew."""
        checkpoint = checkpoints.load(self.folder / "last.npz")
        if checkpoint is None:
            return None
        arrays, metadata = checkpoint
        if metadata["identity"] != self.identity:
            log.warning("The checkpoint in %s belongs to another training run: starting anew", self.folder)
            return None
        self.state = State(**metadata["state"])
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
        finite = all(np.isfinite(array).all() for array in arrays.values())
        if not finite:  # the loss would only show it in the next step
            raise self.epochs.diverged(math.nan)
        checkpoints.save(self.folder / "last.npz", arrays, {"identity": self.identity, "state": asdict(self.state)})
        now = perf_counter()
        self.next_save = now + max(SAVE_EVERY, (now - began) / SAVE_SHARE)

    def _best_path(self, phase: Phase) -> Path:
        return checkpoints.best(self.folder, phase.name)

    def _restore_best(self, phase: Phase) -> None:
        checkpoint = checkpoints.load(self._best_path(phase))
        if checkpoint is None:
            raise checkpoints.unusable(self._best_path(phase), "missing")
        phases.freeze(phase, self.material)
        step.write(step.moving(self.material.assembly), "weight", checkpoint[0])

    # Results

    def _points(self, phase: Phase) -> list[dict]:
        return [point for point in self.state.curves if point["stage"] == phase.name]

    def _best(self, phase: Phase) -> dict:
        """The epoch of a phase with the best validation accuracy; the first of equals."""
        return max(self._points(phase), key=lambda point: point["validation_accuracy"])

    def _continues(self, phase: Phase) -> bool:
        patience, points = self.material.config.patience, self._points(phase)
        if not patience or not points or phase.name == "head":
            return self.state.epoch < phase.epochs
        return self.state.epoch < phase.epochs and points[-1]["step"] - self._best(phase)["step"] < patience

    def _summary(self, phase: Phase) -> dict:
        return {
            "name": phase.name,
            "epochs": self.state.epoch,
            "seconds": self.state.seconds,
            "validation_accuracy": self._best(phase)["validation_accuracy"],
        }

    def _trained(self, ended: str, error: str | None) -> Trained:
        tested = self.state.stages[-1]["name"]
        best = self._best(next(phase for phase in self.phases if phase.name == tested))
        last = self.state.curves[-1]
        return Trained(
            assembly=self.material.assembly,
            chosen={
                "epoch": best["step"],
                "validation_accuracy": best["validation_accuracy"],
                "last_epoch": last["step"],
                "last_validation_accuracy": last["validation_accuracy"],
            },
            phases=self.state.stages,
            curves=self.state.curves,
            images_per_second=self.rate,
            tested_per_second=self.material.tested_per_second,
            batch_size=self.state.batch_size,
            notes=tuple(self.state.notes),
            frozen=self.frozen,
            front_cached=self.front_cached,
            peak_memory=self.peak_memory or None,
            build_seconds=self.material.build_seconds,
            ended=ended,
            error=error,
        )


def check(dataset: Dataset, rows: dict[str, np.ndarray], batch_size: int) -> None:
    """Raise ConfigError or DatasetError if there are too few images to train on."""
    for split, what in (("train", "training"), ("val", "validation")):
        if not len(rows[split]):
            raise DatasetError(f"There are no {what} images", "at least one", "Choose a larger part of the dataset")
    count = len(rows["train"])
    if batch_size > count:
        raise ConfigError(
            f"A batch of {batch_size} is larger than the {count} training images",
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
    """A digest of everything that determines the training."""
    config = material.config
    settings = {name: value for name, value in asdict(config).items() if name != "recipe"}
    if not config.teacher:  # as in checkpoints from before there were teachers
        settings = {name: value for name, value in settings.items() if name not in TEACHING}
    if config.layer_decay == 1:  # as in checkpoints from before it existed
        del settings["layer_decay"]
    settings["backbone"] = backbones.get(material.config.backbone).stored_name
    if settings["version"] < 3:  # as in checkpoints of that time: see RunConfig.version
        settings["pooling"] = settings["pooling"].removeprefix("norm-")
    inputs = [settings, material.dataset.fingerprint, material.config.encoder.find_weights().digest]
    digest = hashlib.sha256(json.dumps(inputs, sort_keys=True).encode())
    arrays = list(material.rows.values())
    if material.head:
        arrays += material.head.arrays().values()
    for array in arrays:
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def _measured(point: dict) -> dict[str, float]:
    """The metrics of a point on the curves, without step and stage."""
    return {name: value for name, value in point.items() if name not in ("step", "stage")}
