"""Training a network in stages: the head alone on the frozen backbone, then what is unfrozen; or all from scratch.

A training is gone on with where its last checkpoint left it, and ends where an unbroken one would have ended. The steps
themselves are Keras's own `model.fit`, one call an epoch, on any backend of Keras.
"""

import hashlib
import json
import logging
import math
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from core import (
    assembly,
    backbones,
    batches,
    checkpoints,
    features,
    forward,
    freezing,
    heads,
    optimizers,
    prefix,
    trainee,
)
from core.assembly import Assembly
from core.backbones import Weights
from core.config import RunConfig
from core.datasets import Dataset
from core.errors import ConfigError, DatasetError, Diverged, Paused, RunError, Stopped
from core.progress import Progress, Report, silent

TELL_EVERY = 0.2  # seconds between two progress reports; in between nothing waits for the device
SAVE_EVERY = 30.0  # seconds between two checkpoints within an epoch
SAVE_SHARE = 0.05  # of the time may go into writing them
EVALUATION_BATCH = 64  # images at least

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
    prefix: bool  # whether the frozen front was computed once
    peak_memory: int | None  # bytes of this process
    ended: str = "finished"  # or stopped, diverged: with the best until then
    error: str | None = None  # why


@dataclass(frozen=True)
class Stage:
    """One part of a training, with an optimiser of its own."""

    name: str  # head, finetune or scratch
    epochs: int
    learning_rate: float
    schedule: str


@dataclass
class State:
    """Where a training is; plain values, stored in every checkpoint."""

    stage: int = 0
    epoch: int = 0  # finished ones of this stage
    images: int = 0  # that this epoch has seen
    counted: int = 0  # of them, those in the next two
    loss: float = 0.0  # sums over this epoch
    right: float = 0.0
    step: int = 0  # of the optimiser, all stages together
    seconds: float = 0.0  # of this stage
    batch_size: int = 0
    curves: list[dict] = field(default_factory=list)
    stages: list[dict] = field(default_factory=list)  # finished ones
    notes: list[str] = field(default_factory=list)


def fit(
    config: RunConfig,
    dataset: Dataset,
    rows: dict[str, np.ndarray],
    *,
    weights: Weights,
    folder: Path,
    head: heads.Head | None = None,
    on_stage: Callable[[str, Predict], None] = lambda name, predict: None,
    prefix_budget: int | None = None,
    report: Report = silent,
) -> Trained:
    """Trains the network of a config and restores its best epoch on validation.

    Args:
        rows: Row ids of "train" and "val".
        folder: Where checkpoints are; one of the same training is gone on with.
        head: A trained probe to start from, instead of a stage of the head alone.
        on_stage: Called with the network as it is at the end of each stage, to test it; it must choose nothing.
        prefix_budget: Bytes that activations of the frozen front may take, computed once when nothing is augmented;
            0: it is computed in every step. None: what this machine has to spare.

    Raises:
        ConfigError, DatasetError: What is asked for cannot be trained.
        Stopped: `report` raised it before the first epoch was over, or it was `Paused`; the checkpoint is written.
        Diverged: The loss was no number any more before the first epoch was over.
        RunError: A checkpoint cannot be written or read.
    """
    _check(config, dataset, rows)
    training = _Training(config, dataset, rows, weights, folder, head, prefix_budget, report)
    return training.run(on_stage)


class _Training:
    """One training from its start, or its checkpoint, to its end."""

    def __init__(self, config, dataset, rows, weights, folder, head, prefix_budget, report):
        self.config, self.dataset, self.weights, self.head = config, dataset, weights, head
        self.rows = rows = {split: rows[split] for split in ("train", "val")}
        self.folder, self.prefix_budget, self.report = folder, prefix_budget, report
        report(Progress("load", 0, 0))
        self.classes = len(dataset.class_names)
        self.targets = {split: _one_hot(dataset.labels[ids], self.classes) for split, ids in rows.items()}
        self.assembly = self._assemble()
        self.image_weights = _image_weights(config, dataset.labels[rows["train"]], self.classes)
        self.stages = _stages(config, head)
        self.identity = _identity(config, dataset, rows, weights, head)
        self.state = State(batch_size=config.batch_size)
        self.frozen, self.prefix, self.rate, self.peak_memory = None, False, None, None

    def _assemble(self) -> Assembly:
        size = self.dataset.images.shape[1]
        return assembly.assemble(
            self.config, image_size=size, classes=self.classes, weights=self.weights, head=self.head
        )  # fmt: skip

    def run(self, on_stage: Callable[[str, Predict], None]) -> Trained:
        saved = self._saved()
        ended, error = "finished", None
        for index, stage in enumerate(self.stages):
            if index < self.state.stage:  # finished before the checkpoint: only its test is to be repeated
                self._restore_best(stage)
                on_stage(stage.name, self._predictor(stage))
                continue
            self._enter(index)
            try:
                self._train(stage, saved)
            except (Stopped, Diverged) as problem:
                if isinstance(problem, Paused) or not self.state.curves:
                    raise
                ended = "diverged" if isinstance(problem, Diverged) else "stopped"
                error = str(problem) if ended == "diverged" else None
            saved = None
            if self._points(stage.name):
                self._restore_best(stage)
                self.state.stages.append(self._summary(stage))
                on_stage(stage.name, self._predictor(stage))
            else:  # it ended before its first epoch did: the stage before it is the result
                self.assembly = self._assemble()
                self._restore_best(self.stages[index - 1])
            if ended != "finished":
                break
        prefix.remove(self.folder)
        last = self.state.curves[-1]
        best = self._best(self.state.stages[-1]["name"])
        return Trained(
            assembly=self.assembly,
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
            prefix=self.prefix,
            peak_memory=self.peak_memory,
            ended=ended,
            error=error,
        )

    # One stage

    def _enter(self, index: int) -> None:
        old = self.state
        if old.stage != index:
            kept = {name: getattr(old, name) for name in ("step", "batch_size", "curves", "stages", "notes")}
            self.state = State(stage=index, **kept)

    def _train(self, stage: Stage, saved: dict[str, np.ndarray] | None) -> None:
        """Trains from where the state is to the end of the stage."""
        self._freeze(stage)
        self.model, self.sources = self._prepare(stage)
        self._compile(stage)
        if saved:
            trainee.write(trainee.moving(self.assembly), "weight", saved)
            trainee.write(self.model.optimizer.variables, "optimizer", saved)
        self.clock, self.next_save, self.validation_seconds = perf_counter(), perf_counter() + SAVE_EVERY, 0.0
        self.timed_images, self.timed_seconds = 0, 0.0
        try:
            while self.state.epoch < stage.epochs and not self._out_of_patience(stage):
                while self.state.images < len(self.rows["train"]):
                    self._run_epoch(stage)
                self._end_epoch(stage)
        except Stopped:
            self._save()
            raise

    def _freeze(self, stage: Stage) -> None:
        config, network = self.config, self.assembly.network
        if stage.name == "head":
            network.trainable = False
            return
        if stage.name == "finetune":
            freezing.apply(network, config.unfreeze, config.unfreeze_count)
            plan = {"unfreeze": config.unfreeze, "count": config.unfreeze_count}
        else:
            network.trainable, plan = True, {}
        self.frozen = freezing.inspect(network, "inference" if self._inference(stage) else "training", **plan)

    def _inference(self, stage: Stage) -> bool:
        """Whether the backbone runs in inference mode."""
        return stage.name == "head" or (stage.name == "finetune" and self.config.batchnorm == "inference")

    def _prepare(self, stage: Stage) -> tuple[Any, dict[str, batches.Source]]:
        """The model to train in this stage, and what it is fed with: as much as possible is computed before."""
        found = None
        if not self.config.augmentations:
            found = self._features() if stage.name == "head" else self._activations(stage)
        if found is None:
            body = assembly.before(self.config, self.dataset.images.shape[1], self.assembly.network)
            kinds = {"train": self.config.augmentations}
            found = body, {split: self._pictures(ids, kinds.get(split, ())) for split, ids in self.rows.items()}
        body, sources = found
        return trainee.build(self.assembly, body, inference=self._inference(stage)), sources

    def _pictures(self, rows: np.ndarray, kinds: tuple[str, ...] = ()) -> batches.Pictures:
        return batches.Pictures(self.dataset.images, rows, kinds)

    def _features(self) -> tuple[None, dict[str, batches.Source]] | None:
        """Features of the frozen backbone from their cache; None where they are too many to hold."""
        needed = 4 * self.assembly.network.output_shape[-1] * sum(map(len, self.rows.values()))
        if prefix.room(self.folder, needed) != "memory":
            return None
        return None, {split: batches.Activations((self._extract(ids),)) for split, ids in self.rows.items()}

    def _extract(self, rows: np.ndarray) -> np.ndarray:
        """Features (n, d) float32."""
        config = self.config
        return features.extract(
            self.dataset, rows, backbones.get(config.backbone), weights=self.weights, input_size=config.input_size,
            preprocessing=config.preprocessing, pooling=config.pooling, precision=assembly.precision(config),
            report=self.report,
        ).values  # fmt: skip

    def _activations(self, stage: Stage) -> tuple[Any, dict[str, batches.Source]] | None:
        """The back of the network and what its frozen front gives; None where nothing is frozen or it is too much."""
        parts = (
            prefix.split(self.assembly.network, inference=self._inference(stage)) if stage.name != "scratch" else None
        )
        if parts is None:
            return None
        front, back = parts
        total = sum(map(len, self.rows.values()))
        needed = total * prefix.bytes_per_image(front)
        where = prefix.room(self.folder, needed, self.prefix_budget)
        if not where:
            if self.prefix_budget is None:
                self.state.notes.append(f"The frozen layers ran in every step: {needed / 1e9:.1f} GB to keep instead")
            return None
        model = assembly.before(self.config, self.dataset.images.shape[1], front)
        sources, told = {}, _Teller(self.report, "extract", total)
        for split, ids in self.rows.items():
            arrays = prefix.empty(self.folder, split, front, len(ids), where)

            def put(places: slice, outputs: Any, arrays: tuple = arrays) -> None:
                for array, output in zip(arrays, outputs if isinstance(outputs, list) else [outputs], strict=True):
                    array[places] = output
                told.add(places.stop - places.start)

            trainee.predict(model, self._pictures(ids), EVALUATION_BATCH, put)
            sources[split] = batches.Activations(arrays)
        self.prefix = True
        return back, sources

    def _compile(self, stage: Stage) -> None:
        import keras

        steps = stage.epochs * math.ceil(len(self.rows["train"]) / self.state.batch_size)
        self.model.compile(
            optimizers.build(self.config, optimizers.schedule(stage.schedule, stage.learning_rate, steps)),
            loss=keras.losses.CategoricalCrossentropy(label_smoothing=self.config.label_smoothing),
            metrics=[keras.metrics.CategoricalAccuracy(name="accuracy")],
            jit_compile=trainee.jit(),
        )
        self.model.optimizer.build(self.model.trainable_variables)

    # One epoch

    def _run_epoch(self, stage: Stage) -> None:
        """What is left of an epoch; ends before it does where the batch had to be halved."""
        import keras

        training = self

        class Watch(keras.callbacks.CallbackList):
            """Looks at the numbers when it is time to: reading them after every batch would make the device wait."""

            def on_train_batch_end(self, batch, logs=None):
                training._after_batch(stage, logs)

        self.seen = self.read = 0  # images of this call of `fit`, and those whose numbers are in the state
        self.read_loss = self.read_right = 0.0
        self.told = self.since = None
        left = len(self.rows["train"]) - self.state.images
        stream = batches.stream(
            self.sources["train"], self.targets["train"], self.image_weights, batch_size=self.state.batch_size,
            seed=(self.config.seed, self.state.stage, self.state.epoch), start=self.state.images,
        )  # fmt: skip
        try:
            self.model.fit(
                stream, steps_per_epoch=math.ceil(left / self.state.batch_size), shuffle=False, verbose=0,
                callbacks=Watch(model=self.model, add_history=True),
            )  # fmt: skip
        except Exception as error:
            _synchronise(self.model)
            if not forward.is_out_of_memory(error):
                raise
            self._halve(stage, error)

    def _after_batch(self, stage: Stage, logs: dict) -> None:
        count, now = len(self.rows["train"]), perf_counter()
        size = min(self.state.batch_size, count - self.state.images)
        self.state.images, self.state.step, self.seen = self.state.images + size, self.state.step + 1, self.seen + size
        if self.told is not None and now - self.told < TELL_EVERY and self.state.images < count:
            return
        metrics = self._read(logs)
        now = perf_counter()
        if self.since is None:
            self.since = now, self.seen  # the first batch waited for the compiler
        else:
            self.timed_images += self.seen - self.since[1]
            self.timed_seconds += now - self.since[0]
            self.since = now, self.seen
            self.rate = self.timed_images / self.timed_seconds
        self.told = now
        self._tell(stage, metrics, self.state.step)
        if now > self.next_save:
            self._save()

    def _read(self, logs: dict) -> dict[str, float]:
        """Loss and accuracy of the images since the last look, from Keras's means over this call of `fit`."""
        loss, right = (float(logs[name]) * self.seen for name in ("loss", "accuracy"))
        if not math.isfinite(loss):
            raise self._diverged(loss)
        fresh, more_loss, more_right = self.seen - self.read, loss - self.read_loss, right - self.read_right
        self.read, self.read_loss, self.read_right = self.seen, loss, right
        self.state.counted += fresh
        self.state.loss += more_loss
        self.state.right += more_right
        return {"batch_loss": more_loss / fresh, "batch_accuracy": more_right / fresh}

    def _end_epoch(self, stage: Stage) -> None:
        point = self._validate(stage)
        state = self.state
        state.curves.append(point)
        state.epoch, state.images, state.counted, state.loss, state.right = state.epoch + 1, 0, 0, 0.0, 0.0
        if self._best(stage.name) is point:
            checkpoints.save(self._best_path(stage), self._weights(), {"identity": self.identity, "point": point})
        self._save()
        self._tell(stage, {name: point[name] for name in point if name not in ("step", "stage")}, point["step"])

    def _validate(self, stage: Stage) -> dict:
        """A point of the curves."""
        began, source = perf_counter(), self.sources["val"]
        probabilities = np.empty((len(source), self.classes), np.float32)
        told = perf_counter()

        def put(places: slice, outputs: np.ndarray) -> None:
            nonlocal told
            probabilities[places] = outputs
            if perf_counter() - told > TELL_EVERY:
                self._tell(stage)
                told = perf_counter()

        trainee.predict(self.model, source, max(EVALUATION_BATCH, self.state.batch_size), put)
        targets, smoothing = self.targets["val"], self.config.label_smoothing
        smooth = targets * (1 - smoothing) + smoothing / self.classes
        loss = -float(np.mean(np.sum(smooth * np.log(np.maximum(probabilities, 1e-7)), axis=1)))
        if not math.isfinite(loss):
            raise self._diverged(loss)
        self.validation_seconds = perf_counter() - began
        return {
            "step": len(self.state.curves) + 1,
            "stage": stage.name,
            "loss": self.state.loss / max(self.state.counted, 1),
            "accuracy": self.state.right / max(self.state.counted, 1),
            "validation_loss": loss,
            "validation_accuracy": float(np.mean(probabilities.argmax(1) == targets.argmax(1))),
            "learning_rate": float(self.model.optimizer.learning_rate),
        }

    def _halve(self, stage: Stage, error: Exception) -> None:
        """Goes on with half the batch, in twice the steps."""
        old, variables = self.state.batch_size, trainee.read(self.model.optimizer.variables, "optimizer")
        self.state.batch_size = trainee.smaller(old, error)
        self.state.notes.append(
            f"Batches of {old} images did not fit into memory: went on with {self.state.batch_size} in epoch "
            f"{len(self.state.curves) + 1}"
        )
        log.warning(self.state.notes[-1])
        self._compile(stage)
        trainee.write(self.model.optimizer.variables, "optimizer", variables)
        iterations = self.model.optimizer.iterations  # the schedule counts in steps, of which there are more now
        iterations.assign(round(int(iterations) * old / self.state.batch_size))

    def _diverged(self, loss: float) -> Diverged:
        return Diverged(
            f"The loss was {loss} at step {self.state.step}",
            "a finite number",
            "Try a lower learning rate: the finder shows where the loss still falls",
        )

    def _tell(self, stage: Stage, metrics: dict[str, float] | None = None, step: int | None = None) -> None:
        import psutil

        count = len(self.rows["train"])
        done, total = self.state.epoch * count + self.state.images, stage.epochs * count
        left = None
        if self.rate:
            left = (total - done) / self.rate + (stage.epochs - self.state.epoch) * self.validation_seconds
        memory = psutil.Process().memory_info().rss
        self.peak_memory = max(self.peak_memory or 0, memory)
        self.report(
            Progress(
                stage.name, done, total, rate=self.rate, seconds_left=left, metrics=metrics or {}, step=step,
                memory=memory,
            )
        )  # fmt: skip

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
        _synchronise(self.model)
        return trainee.read(trainee.moving(self.assembly), "weight")

    def _save(self) -> None:
        began = perf_counter()
        self.state.seconds += began - self.clock
        self.clock = began
        arrays = self._weights() | trainee.read(self.model.optimizer.variables, "optimizer")
        if not all(np.isfinite(array).all() for array in arrays.values()):
            raise self._diverged(math.nan)
        checkpoints.save(
            self.folder / "last.npz", arrays, {"identity": self.identity, "state": asdict(self.state)}
        )  # fmt: skip
        now = perf_counter()
        self.next_save = now + max(SAVE_EVERY, (now - began) / SAVE_SHARE)

    def _best_path(self, stage: Stage) -> Path:
        return self.folder / f"best-{stage.name}.npz"

    def _restore_best(self, stage: Stage) -> None:
        found = checkpoints.load(self._best_path(stage))
        if found is None:
            raise RunError(f"The checkpoint {self._best_path(stage)} is gone", "", "Start a new run with its settings")
        self._freeze(stage)
        trainee.write(trainee.moving(self.assembly), "weight", found[0])

    # What came of it

    def _points(self, stage: str) -> list[dict]:
        return [point for point in self.state.curves if point["stage"] == stage]

    def _best(self, stage: str) -> dict:
        """The epoch of a stage with the best validation accuracy, the first of them."""
        return max(self._points(stage), key=lambda point: point["validation_accuracy"])

    def _out_of_patience(self, stage: Stage) -> bool:
        points = self._points(stage.name)
        if not self.config.patience or not points or stage.name == "head":
            return False
        return points[-1]["step"] - self._best(stage.name)["step"] >= self.config.patience

    def _summary(self, stage: Stage) -> dict:
        return {
            "name": stage.name,
            "epochs": self.state.epoch,
            "seconds": self.state.seconds,
            "validation_accuracy": self._best(stage.name)["validation_accuracy"],
        }

    def _predictor(self, stage: Stage) -> Predict:
        def predict(rows: np.ndarray) -> np.ndarray:
            if stage.name == "head" and not self.config.augmentations:  # their features are soon there
                model, source = trainee.build(self.assembly, None, inference=True), self._extract(rows)
                source = batches.Activations((source,))
            else:
                model, source = self.assembly.model, self._pictures(rows)
            probabilities = np.empty((len(rows), self.classes), np.float32)
            told = _Teller(self.report, "evaluate", len(rows))

            def put(places: slice, outputs: np.ndarray) -> None:
                probabilities[places] = outputs
                told.add(len(outputs))

            trainee.predict(model, source, EVALUATION_BATCH, put)
            return probabilities

        return predict


class _Teller:
    """Counts images and reports them, not too often."""

    def __init__(self, report: Report, stage: str, total: int):
        self.report, self.stage, self.total = report, stage, total
        self.done, self.began, self.told = 0, perf_counter(), 0.0

    def add(self, images: int) -> None:
        self.done += images
        now = perf_counter()
        if now - self.told > TELL_EVERY or self.done == self.total:
            rate = self.done / max(now - self.began, 1e-6)
            left = (self.total - self.done) / rate
            self.report(Progress(self.stage, self.done, self.total, rate=rate, seconds_left=left))
            self.told = now


def _stages(config: RunConfig, head: heads.Head | None) -> list[Stage]:
    main = Stage(config.method, config.epochs, config.learning_rate, config.schedule)
    if config.method == "scratch" or head or not config.head_epochs:
        return [main]
    return [Stage("head", config.head_epochs, config.head_learning_rate, "constant"), main]


def _check(config: RunConfig, dataset: Dataset, rows: dict[str, np.ndarray]) -> None:
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


def _identity(config: RunConfig, dataset: Dataset, rows: dict, weights: Weights, head: heads.Head | None) -> str:
    """A digest of all that decides about a training."""
    digest = hashlib.sha256()
    about = {name: value for name, value in asdict(config).items() if name != "recipe"}
    digest.update(json.dumps([about, dataset.fingerprint, weights.digest], sort_keys=True).encode())
    for array in [rows["train"], rows["val"], *(head.arrays.values() if head else ())]:
        digest.update(np.ascontiguousarray(array))
    return digest.hexdigest()


def _one_hot(labels: np.ndarray, classes: int) -> np.ndarray:
    """(n, classes) float32."""
    return np.eye(classes, dtype=np.float32)[labels]


def _image_weights(config: RunConfig, labels: np.ndarray, classes: int) -> np.ndarray | None:
    """The weight of each training image (n,) in the loss, 1 on average; None where all have the same."""
    if config.class_weights == "none":
        return None
    counts = np.bincount(labels, minlength=classes)
    return (len(labels) / (classes * counts)).astype(np.float32)[labels]


def _synchronise(model: Any) -> None:
    """With JAX, Keras keeps the state of a running `fit` apart from the variables."""
    if hasattr(model, "jax_state_sync"):
        model.jax_state_sync()
