"""Epochs of one stage: the steps through Keras's own `model.fit`, the numbers on the way, and validation."""

import logging
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

import numpy as np

from core.errors import Diverged
from core.features import compiled
from core.progress import Progress
from core.training import inputs, optimizers
from core.training import step as train_step
from core.training.phases import EVALUATION_BATCH, TELL_EVERY, Material, Prepared, Stage

log = logging.getLogger(__name__)


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

    def enter(self, stage: int) -> None:
        """Begins another stage."""
        self.stage, self.seconds = stage, 0.0
        self.epoch = -1
        self.next_epoch()

    def next_epoch(self) -> None:
        """Begins another epoch."""
        self.epoch += 1
        self.images = self.counted = 0
        self.loss = self.right = 0.0


@dataclass
class Pace:
    """How fast it goes."""

    images: int = 0
    seconds: float = 0.0  # that these images took
    validation_seconds: float = 0.0  # each time
    peak_memory: int = 0  # bytes

    @property
    def rate(self) -> float | None:
        """Images per second of the steps; None before the second look at them."""
        return self.images / self.seconds if self.images else None


class Epochs:
    """Runs the epochs of a stage and keeps the state up to date.

    Args:
        on_batches: Called a few times a second, when the numbers of the last batches are in the state; may save it.
    """

    def __init__(
        self, stage: Stage, material: Material, prepared: Prepared, state: State, on_batches: Callable[[], None]
    ):
        self.stage, self.material, self.state, self.on_batches = stage, material, state, on_batches
        self.model, self.sources = prepared.model, prepared.sources
        self.targets = {split: material.targets(split) for split in material.rows}
        self.weights = material.image_weights()
        self.count, self.pace = len(material.rows["train"]), Pace()
        self._compile()

    def run(self) -> dict:
        """The rest of this epoch, and validation; returns its point of the curves.

        Raises:
            Diverged: The loss is no number any more.
        """
        while self.state.images < self.count:
            self._steps()
        return self._validate()

    def synchronise(self) -> None:
        """Lets the variables have the values of the last step; with JAX, a running `fit` keeps them apart."""
        if hasattr(self.model, "jax_state_sync"):
            self.model.jax_state_sync()

    def tell(self, metrics: dict[str, float] | None = None, step: int | None = None) -> None:
        """Reports where it is, with a point of the curves or without."""
        import psutil

        done, total = self.state.epoch * self.count + self.state.images, self.stage.epochs * self.count
        rate, left = self.pace.rate, None
        if rate:
            left = (total - done) / rate + (self.stage.epochs - self.state.epoch) * self.pace.validation_seconds
        memory = psutil.Process().memory_info().rss
        self.pace.peak_memory = max(self.pace.peak_memory, memory)
        self.material.report(
            Progress(
                self.stage.name, done, total, rate=rate, seconds_left=left, metrics=metrics or {}, step=step,
                memory=memory,
            )
        )  # fmt: skip

    def diverged(self, loss: float) -> Diverged:
        """The error to raise for a loss that is no number."""
        return Diverged(
            f"The loss was {loss} at step {self.state.step}",
            "a finite number",
            "Try a lower learning rate: the finder shows where the loss still falls",
        )

    def _compile(self) -> None:
        config, stage = self.material.config, self.stage
        steps = stage.epochs * math.ceil(self.count / self.state.batch_size)
        rate = optimizers.schedule(stage.schedule, stage.learning_rate, steps)
        train_step.compile(self.model, optimizers.build(config, rate), config.label_smoothing)

    # Steps

    def _steps(self) -> None:
        """One call of `fit` over what is left of an epoch; it ends earlier where the batch had to be halved."""
        import keras

        after_batch = self._after_batch

        class Watch(keras.callbacks.CallbackList):
            """Keras's own list would read the numbers after every batch, and the device would wait for it."""

            def on_train_batch_end(self, batch, logs=None):
                after_batch(logs)

        self.fit_images = 0  # of this call of `fit`; Keras's means are over them
        self.read = (0, 0.0, 0.0)  # images, and sums of loss and right answers, at the last look
        self.looked = None  # time of the last look
        left = self.count - self.state.images
        stream = inputs.stream(
            self.sources["train"], self.targets["train"], self.weights, batch_size=self.state.batch_size,
            seed=(self.material.config.seed, self.state.stage, self.state.epoch), start=self.state.images,
        )  # fmt: skip
        try:
            self.model.fit(
                stream, steps_per_epoch=math.ceil(left / self.state.batch_size), shuffle=False, verbose=0,
                callbacks=Watch(model=self.model, add_history=True),
            )  # fmt: skip
        except Exception as error:
            self.synchronise()
            if not compiled.is_out_of_memory(error):
                raise
            self._halve(error)

    def _after_batch(self, logs: dict) -> None:
        state, now = self.state, perf_counter()
        size = min(state.batch_size, self.count - state.images)
        state.images, state.step, self.fit_images = state.images + size, state.step + 1, self.fit_images + size
        if self.looked is not None and now - self.looked < TELL_EVERY and state.images < self.count:
            return
        before, metrics = self.read[0], self._read(logs)  # waits for the device
        now = perf_counter()
        if self.looked is not None:  # the first batch waited for the compiler
            self.pace.images += self.fit_images - before
            self.pace.seconds += now - self.looked
        self.looked = now
        self.tell(metrics, state.step)
        self.on_batches()

    def _read(self, logs: dict) -> dict[str, float]:
        """Loss and accuracy of the images since the last look, from Keras's means over this call of `fit`."""
        loss, right = (float(logs[name]) * self.fit_images for name in ("loss", "accuracy"))
        if not math.isfinite(loss):
            raise self.diverged(loss)
        fresh, more_loss, more_right = self.fit_images - self.read[0], loss - self.read[1], right - self.read[2]
        self.read = self.fit_images, loss, right
        self.state.counted += fresh
        self.state.loss += more_loss
        self.state.right += more_right
        return {"batch_loss": more_loss / fresh, "batch_accuracy": more_right / fresh}

    def _halve(self, error: Exception) -> None:
        """Goes on with half the batch, in twice the steps."""
        old, variables = self.state.batch_size, train_step.read(self.model.optimizer.variables, "optimizer")
        self.state.batch_size = train_step.smaller(old, error)
        epoch = len(self.state.curves) + 1
        note = f"Batches of {old} images did not fit into memory: epoch {epoch} went on with {self.state.batch_size}"
        self.state.notes.append(note)
        log.warning(note)
        self._compile()
        train_step.write(self.model.optimizer.variables, "optimizer", variables)
        iterations = self.model.optimizer.iterations  # the schedule counts in steps, of which there are more now
        iterations.assign(round(int(iterations) * old / self.state.batch_size))

    # Validation

    def _validate(self) -> dict:
        began = perf_counter()
        probabilities = self._probabilities()
        targets, smoothing = self.targets["val"], self.material.config.label_smoothing
        smooth = targets * (1 - smoothing) + smoothing / targets.shape[1]
        loss = -float(np.mean(np.sum(smooth * np.log(np.maximum(probabilities, 1e-7)), axis=1)))
        if not math.isfinite(loss):
            raise self.diverged(loss)
        self.pace.validation_seconds = perf_counter() - began
        return {
            "step": len(self.state.curves) + 1,
            "stage": self.stage.name,
            "loss": self.state.loss / max(self.state.counted, 1),
            "accuracy": self.state.right / max(self.state.counted, 1),
            "validation_loss": loss,
            "validation_accuracy": float(np.mean(probabilities.argmax(1) == targets.argmax(1))),
            "learning_rate": float(self.model.optimizer.learning_rate),
        }

    def _probabilities(self) -> np.ndarray:
        """Of the validation images, (n, classes) float32."""
        probabilities, told = np.empty(self.targets["val"].shape, np.float32), perf_counter()

        def put(places: slice, outputs: Any) -> None:
            nonlocal told
            probabilities[places] = outputs
            if perf_counter() - told > TELL_EVERY:
                self.tell()
                told = perf_counter()

        train_step.predict(self.model, self.sources["val"], max(EVALUATION_BATCH, self.state.batch_size), put)
        return probabilities
