"""A sweep: one run for each combination of a few values of one or two settings; the validation split chooses."""

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from itertools import product
from typing import Any

from core import backbones, heads, options
from core.config import ZERO_SHOT, RunConfig
from core.errors import ConfigError, closest

MOST = 36  # runs
MOST_SETTINGS = 2
OF_FEATURES = ("input_size", "preprocessing", "pooling")
OF_FINETUNE = ("unfreeze", "unfreeze_count", "batchnorm", "layer_decay", "head_epochs", "head_learning_rate")
FIXED = (
    "dataset",
    "backbone",
    "method",
    "weights",
    "start",
    "teacher",
    "recipe",
    "precision",
    "templates",
    "classes",
    "version",
)
FIXED += ("seed", "n_test", "n_train", "train_split")  # whose validation images or their number would differ
HOW = "Choose one of those, or leave --vary out"


def settings(config: RunConfig) -> tuple[str, ...]:
    """The settings that can be varied: they change the result of this run, and not the images that judge it."""
    if config.method == ZERO_SHOT:
        return ()
    if not config.trains:
        return (*OF_FEATURES, *(name for name in heads.METHODS[config.method].options if name not in FIXED))
    unread = {"strength", "neighbours", "hidden"}  # of probes
    if config.method == "scratch":
        unread |= {*OF_FINETUNE}
    elif config.unfreeze not in ("layers", "blocks"):
        unread |= {"unfreeze_count"}
    if not backbones.get(config.backbone).batchnorm:
        unread |= {"batchnorm"}
    if config.start:
        unread |= {"head_epochs", "head_learning_rate", "head_units"}
    if not config.teacher:
        unread |= {"temperature", "teacher_weight"}
    if not config.head_epochs:
        unread |= {"head_learning_rate"}
    if config.optimizer != "sgd":
        unread |= {"momentum"}
    return tuple(f.name for f in fields(RunConfig) if f.name not in (*FIXED, *unread))


def parse(texts: Sequence[str]) -> dict[str, tuple[Any, ...]]:
    """Settings and their values from texts such as "learning_rate=1e-4,1e-3".

    Raises:
        ConfigError: One is not such a text, there is no such setting, or it is named twice.
    """
    pairs = list(map(_parse, texts))
    if len(names := dict(pairs)) < len(pairs):
        raise ConfigError(f"{', '.join(texts)} name a setting twice", "each once", "Put all its values in one list")
    return names


def _parse(text: str) -> tuple[str, tuple[Any, ...]]:
    """One setting and its values.

    Raises:
        ConfigError: It is not such a text, or there is no such setting.
    """
    name, equals, values = text.partition("=")
    name, known = name.strip().replace("-", "_"), options.defaults(RunConfig)
    if not equals:
        raise ConfigError(f"{text!r} has no values", "SETTING=VALUE,VALUE", "Such as learning_rate=1e-4,1e-3")
    if name not in known:
        raise ConfigError(f"There is no setting {name!r}", "a setting of `run`", closest(name, list(known)))
    kind = type(known[name])
    try:
        return name, tuple(dict.fromkeys(kind(value.strip()) for value in values.split(",")))
    except ValueError as error:
        expected = "whole numbers" if kind is int else "numbers"
        raise ConfigError(f"The values of {name} are {values!r}", f"{expected} with commas between them") from error


def configs(config: RunConfig, vary: Mapping[str, Sequence[Any]]) -> list[RunConfig]:
    """The runs of a sweep over these settings and their values.

    Raises:
        ConfigError: There are too many runs or settings, or a setting would change nothing.
    """
    if len(vary) > MOST_SETTINGS:
        raise ConfigError(f"{len(vary)} settings vary", f"at most {MOST_SETTINGS}", "Vary the others in a second sweep")
    for name, values in vary.items():
        if len(values) < 2:
            raise ConfigError(f"{name} has one value", "at least two", "Separate values by commas, or do not vary it")
    grid = [replace(config, **dict(zip(vary, values, strict=True))) for values in product(*vary.values())]
    if len(grid) > MOST:
        raise ConfigError(f"A sweep of {len(grid)} runs is too large", f"at most {MOST}", "Choose fewer values")
    for cell in grid:
        if unread := [name for name in vary if name not in settings(cell)]:
            _refuse(cell, unread[0])
    if len(set(grid)) < len(grid):
        raise ConfigError("Two runs of the sweep would be the same", "values that differ", "0 may mean the default")
    return grid


def varied(configs: Sequence[RunConfig]) -> tuple[str, ...]:
    """The settings in which these differ."""
    return tuple(f.name for f in fields(RunConfig) if len({getattr(config, f.name) for config in configs}) > 1)


def title(name: str) -> str:
    """A setting as in the middle of a sentence."""
    return {"hidden": "hidden units", "strength": "L2 strength"}.get(name) or name.replace("_", " ")


def described(config: RunConfig, names: Sequence[str]) -> str:
    """The values of these settings: "learning rate 0.001, dropout 0.2"."""
    return ", ".join(f"{title(name)} {shown(getattr(config, name)) or 'none'}" for name in names)


def shown(value: Any) -> str:
    """The value of a setting as text."""
    return f"{value:g}" if isinstance(value, float) else str(value)


def _refuse(config: RunConfig, name: str) -> None:
    expected = f"one of {', '.join(settings(config))}" if settings(config) else "no sweep"
    if config.method == ZERO_SHOT:
        raise ConfigError("Zero-shot has no validation images, which would choose", "no sweep", "Leave --vary out")
    if name in ("seed", "n_train", "n_test", "train_split"):
        raise ConfigError(f"A sweep over {name} would judge each run by other images", expected, HOW)
    if name in FIXED:
        raise ConfigError(f"A sweep does not vary {name}", expected, f"{HOW}; runs of several are on the page Compare")
    because = f" with the optimizer {config.optimizer}" if name == "momentum" else ""
    because = f" when {config.unfreeze} trains" if name == "unfreeze_count" else because
    if name == "batchnorm" and config.method == "finetune":
        because = f" of {config.backbone}, which has none"
    raise ConfigError(f"{name} changes nothing for {config.method}{because}", expected, HOW)
