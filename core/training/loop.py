"""The epochs of one phase: training steps by Keras's `model.fit`, progress metrics, and validation."""

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
from core.training import inputs, layer_decay, optimizers
from core.training import step as train_step
from core.training.phases import EVALUATION_BATCH, REPORT_EVERY, Material, Phase, Prepared

log = logging.getLogger(__name__)


@dataclass
class State:
    """The progress of training: JSON values stored in every checkpoint, where a phase is called a stage."""

    stage: int = 0  # index of the phase
    epoch: int = 0  # finished epochs of this phase
    images: int = 0  # seen in this epoch
    counted: int = 0  # images included in the next two sums
    loss: float = 0.0  # sums over this epoch
    right: float = 0.0
    step: int = 0  # optimizer steps over all phases
    seconds: float = 0.0  # spent in this phase
    batch_size: int = 0
    curves: list[dict] = field(default_factory=list)
    stages: list[dict] = field(default_factory=list)  # finished phases
    notes: list[str] = field(default_factory=list)

    def enter(self, phase: int) -> None:
        """Begin another phase."""
        self.stage, self.seconds = phase, 0.0
        self.epoch = -1
        self.next_epoch()

    def next_epoch(self) -> None:
        """Begin another epoch."""
        self.epoch += 1
        self.images = self.counted = 0
        self.loss = self.right = 0.0


@dataclass
class Pace:
    """The speed of training."""

    images: int = 0
    seconds: float = 0.0  # spent on these images
    validation_seconds: float = 0.0  # of one validation
    peak_memory: int = 0  # bytes

    @property
    def rate(self) -> float | None:
        """Images per second during training steps; None before the second measurement."""
        return self.images / self.seconds if self.images else None


class Epochs:
    """Runs the epochs of a phase and keeps the state up to date.

    Args:
        on_batches: Called a few times a second, once the state includes the latest batches; may save it.
    """

    def __init__(
        self, phase: Phase, material: Material, prepared: Prepared, state: State, on_batches: Callable[[], None]
    ):
        self.phase, self.material, self.state, self.on_batches = phase, material, state, on_batches
        self.model, self.sources = prepared.model, prepared.sources
        self.targets = {split: material.targets(split) for split in material.rows}
        self.weights = material.image_weights()
        self.count, self.pace, self.read_at = len(material.rows["train"]), Pace(), None
        self._compile()

    def run(self) -> dict:
        """Finish this epoch and validate; returns its point on the curves.

        Raises:
            Diverged: The loss is not finite.
        """
        if self.read_at is None and train_step.jit():
            done, total = self.state.epoch * self.count + self.state.images, self.phase.epochs * self.count
            self.material.report(Progress("compile", done, total))
        while self.state.images < self.count:
            self._steps()
        return self._validate()

    def synchronise(self) -> None:
        """Copy the values of the last step into the variables: with JAX, a running `fit` keeps them separately."""
        if hasattr(self.model, "jax_state_sync"):
            self.model.jax_state_sync()

    def report(self, metrics: dict[str, float] | None = None, step: int | None = None) -> None:
        """Report progress, optionally with a point of the curves."""
        import psutil

        done, total = self.state.epoch * self.count + self.state.images, self.phase.epochs * self.count
        rate, left = self.pace.rate, None
        if rate:
            left = (total - done) / rate + (self.phase.epochs - self.state.epoch) * self.pace.validation_seconds
        memory = psutil.Process().memory_info().rss
        self.pace.peak_memory = max(self.pace.peak_memory, memory)
        self.material.report(
            Progress(
                self.phase.name,
                done,
                total,
                rate=rate,
                seconds_left=left,
                metrics=metrics or {},
                step=step,
                memory=memory,
            )
        )

    def diverged(self, loss: float) -> Diverged:
        """The error to raise for a non-finite loss."""
        return Diverged(
            f"The loss was {loss} at step {self.state.step}",
            "a finite number",
            "Try a lower learning rate: the finder shows where the loss still decreases",
        )

    def _compile(self) -> None:
        config, phase = self.material.config, self.phase
        steps = phase.epochs * math.ceil(self.count / self.state.batch_size)

        def rate(share: float) -> Any:
            return optimizers.schedule(phase.schedule, share * phase.learning_rate, steps)

        shares = layer_decay.shares(self.material.assembly.network, phase.layer_decay)
        train_step.compile(self.model, optimizers.build_layerwise(config, rate, shares), config)

    # Steps

    def _steps(self) -> None:
        """One call of `fit` over the rest of an epoch; ends early if the batch has to be halved."""
        import keras

        after_batch = self._after_batch

        class Watch(keras.callbacks.CallbackList):
            """Keras's own list would read the metrics after every batch, which stalls the device."""

            def on_train_batch_end(self, batch, logs=None):
                after_batch(logs or {})

        self.fit_images = 0  # in this call of `fit`, which Keras averages its metrics over
        self.read = (0, 0.0, 0.0)  # images, and sums of loss and correct predictions, at the last reading
        self.read_at = None  # time of the last reading
        self.compiling_since = perf_counter() if self.model.train_function is None else None
        left = self.count - self.state.images
        stream = inputs.stream(
            self.sources["train"],
            self.targets["train"],
            self.weights,
            batch_size=self.state.batch_size,
            seed=(self.material.config.seed, self.state.stage, self.state.epoch),
            start=self.state.images,
        )
        try:
            self.model.fit(
                stream,
                steps_per_epoch=math.ceil(left / self.state.batch_size),
                shuffle=False,
                verbose=0,
                callbacks=Watch(model=self.model, add_history=True),
            )
        except Exception as error:
            self.synchronise()
            if not compiled.is_out_of_memory(error):
                raise
            self._halve(error)

    def _after_batch(self, logs: dict) -> None:
        state, now = self.state, perf_counter()
        size = min(state.batch_size, self.count - state.images)
        state.images, state.step, self.fit_images = state.images + size, state.step + 1, self.fit_images + size
        if self.read_at is not None and now - self.read_at < REPORT_EVERY and state.images < self.count:
            return
        before, metrics = self.read[0], self._read(logs)  # synchronises with the device
        now = perf_counter()
        if self.read_at is not None:  # the first batch includes compilation
            self.pace.images += self.fit_images - before
            self.pace.seconds += now - self.read_at
        elif self.compiling_since is not None:
            self.material.build_seconds += now - self.compiling_since
        self.read_at = now
        self.report(metrics, state.step)
        self.on_batches()

    def _read(self, logs: dict) -> dict[str, float]:
        """Loss and accuracy of the images since the last reading, from Keras's averages over this call of `fit`."""
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
        """Continue with half the batch size, in twice the steps."""
        old, variables = self.state.batch_size, train_step.read(self.model.optimizer.variables, "optimizer")
        self.state.batch_size = train_step.smaller(old, error)
        epoch = len(self.state.curves) + 1
        note = f"Batches of {old} images did not fit into memory: epoch {epoch} continued with {self.state.batch_size}"
        self.state.notes.append(note)
        log.warning(note)
        self._compile()
        train_step.write(self.model.optimizer.variables, "optimizer", variables)
        for optimizer in optimizers.parts(self.model.optimizer):
            iterations = optimizer.iterations  # the schedule counts steps, of which there are now more
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
            "stage": self.phase.name,
            "loss": self.state.loss / max(self.state.counted, 1),
            "accuracy": self.state.right / max(self.state.counted, 1),
            "validation_loss": loss,
            "validation_accuracy": float(np.mean(probabilities.argmax(1) == targets.argmax(1))),
            "learning_rate": optimizers.learning_rate(self.model.optimizer),
        }

    def _probabilities(self) -> np.ndarray:
        """Probabilities of the validation images, (n, classes) float32."""
        probabilities, reported = np.empty(self.targets["val"].shape, np.float32), perf_counter()

        def put(positions: slice, outputs: Any) -> None:
            nonlocal reported
            probabilities[positions] = outputs
            if perf_counter() - reported > REPORT_EVERY:
                self.report()
                reported = perf_counter()

        batch_size = max(EVALUATION_BATCH, self.state.batch_size)
        self.material.build_seconds += train_step.predict(self.model, self.sources["val"], batch_size, put)
        return probabilities
