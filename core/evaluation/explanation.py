"""What may explain the difference between two runs: decisions from their results, which pages put into words.

mistakes(run)            what is known to be wrong with how a run was made
fastest(runs)            runs in the order of a time, those with a mistake apart
pair(runs)               the two runs that tell most about the architecture
other_settings(...)      in what two runs differ besides the architecture
fair(first, second)      the run that would leave only the architecture as a difference
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from core import backbones, heads
from core.config import BY_EPOCH, PROBES, TRAINED, ZERO_SHOT, RunConfig
from core.errors import ConfigError
from core.runs import RunRow

Time = Literal["seconds_train", "seconds"]

_SETTINGS: dict[str, tuple[str, ...]] = {  # what is not the architecture -> fields of a config
    "input size": ("input_size",),
    "method": ("method",),
    "pixels": ("preprocessing",),
    "training images": ("train_split", "n_train"),
    "layers that train": ("unfreeze", "unfreeze_count", "batchnorm"),
    "epochs": ("epochs", "head_epochs"),
    "learning rate": ("learning_rate", "head_learning_rate", "layer_decay", "optimizer", "schedule", "batch_size"),
    "head": ("head_units", "dropout", "hidden", "neighbours", "strength", "start"),
    "pooling": ("pooling",),
    "augmentation": ("augment",),
    "teacher": ("teacher", "temperature", "teacher_weight"),
}
_READ_BY = {  # groups that only some methods read
    "training images": (*PROBES, *TRAINED),
    "layers that train": ("finetune",),
    "epochs": BY_EPOCH,
    "learning rate": BY_EPOCH,
    "head": (*PROBES, *TRAINED),
    "pooling": (*PROBES, *TRAINED),
    "augmentation": TRAINED,
    "teacher": TRAINED,
}


def mistakes(run: RunRow) -> tuple[str, ...]:
    """Known mistakes in how a run was made, as in the middle of a sentence; none for most runs."""
    reasons = []
    if run.config.preprocessing == "divide255" and run.weights_origin != "untrained":
        reasons.append("its pixels were divided by 255, which its weights were not trained on")
    if run.config.recipe == "book-as-printed":
        reasons.append("every layer and BatchNorm's statistics were trained, as the book printed it")
    return tuple(reasons)


@dataclass(frozen=True)
class Ranking:
    """Runs by a time, the fastest first."""

    sound: tuple[RunRow, ...]
    mistaken: tuple[RunRow, ...]  # faster than all sound ones, but with a known mistake
    left_out: tuple[RunRow, ...]  # whose time does not count, as they did not do that work


def fastest(runs: Sequence[RunRow], by: Time) -> Ranking:
    """Runs in the order of their training time, or of the whole time from images to a tested result.

    Zero-shot and nearest neighbours train nothing, and a run that read its features from the cache did not do the
    whole work. Of runs with the same settings the fastest counts.
    """
    worked = [run for run in runs if _counts(run, by)]
    once: dict[RunConfig, RunRow] = {}
    for run in sorted(worked, key=lambda run: getattr(run, by)):
        once.setdefault(run.config, run)
    ranked = list(once.values())
    sound = tuple(run for run in ranked if not mistakes(run))
    mistaken = tuple(run for run in ranked if mistakes(run))
    if sound:
        mistaken = tuple(run for run in mistaken if getattr(run, by) < getattr(sound[0], by))
    return Ranking(sound, mistaken, tuple(run for run in runs if not _counts(run, by)))


def pair(runs: Sequence[RunRow]) -> tuple[RunRow, RunRow] | None:
    """The most accurate run without a mistake, and the run of another backbone that differs least in its settings.

    With one backbone only, the second is the next best run; None for fewer than two runs.
    """
    ranked = sorted(runs, key=lambda run: (not mistakes(run), run.accuracy), reverse=True)
    if len(ranked) < 2:
        return None
    best = ranked[0]
    others = [run for run in ranked if run.config.backbone != best.config.backbone] or ranked[1:2]
    return best, min(others, key=lambda run: len(other_settings(best.config, run.config)))


def other_settings(first: RunConfig, second: RunConfig) -> tuple[str, ...]:
    """The settings in which two runs differ, besides their backbones and weights: keys of `_SETTINGS`."""
    methods = {first.method, second.method}
    return tuple(
        name
        for name, fields in _SETTINGS.items()
        if (name not in _READ_BY or methods <= set(_READ_BY[name]))
        and any(_value(first, field) != _value(second, field) for field in fields)
    )


def fair(first: RunConfig, second: RunConfig) -> RunConfig | None:
    """The second backbone with the settings of the first, or else the other way round; None if they agree or none can.

    A backbone that does not take the other's input size keeps its own.
    """
    if first.backbone == second.backbone or not other_settings(first, second):
        return None
    for settings, network in ((first, second), (second, first)):
        for size in (settings.input_size, network.input_size):
            config = _with_network(settings, network, size)
            if config and len(other_settings(settings, config)) < len(other_settings(first, second)):
                return config
    return None


def _counts(run: RunRow, by: Time) -> bool:
    """Whether a run did the work that a time measures."""
    return not run.cached if by == "seconds" else _trains(run.config)


def _trains(config: RunConfig) -> bool:
    return config.method != ZERO_SHOT and (config.trains or heads.has_layers(config.method))


def _with_network(settings: RunConfig, network: RunConfig, size: int) -> RunConfig | None:
    """A config with the backbone of another; None if that cannot run so."""
    poolings = backbones.get(network.backbone).poolings
    try:
        config = replace(
            settings,
            backbone=network.backbone,
            weights=network.weights,
            pooling=settings.pooling if settings.pooling in poolings else "avg",  # which stands for its own
            input_size=size,
            start="",
            recipe="",
        )
    except ConfigError:  # it does not take this size, or has no text tower
        return None
    pointless = config.method != "scratch" and config.weights == "untrained"
    return None if pointless else config


def _value(config: RunConfig, field: str) -> object:
    value = getattr(config, field)
    if field == "start":  # each backbone starts from a probe of its own
        return bool(value)
    return "avg" if value == "class" else value
