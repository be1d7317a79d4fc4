"""What a run is: one flat, frozen, validated description that is stored as it is."""

from collections.abc import Collection
from dataclasses import dataclass, fields

from core import backbones, heads
from core.errors import ConfigError

TRAIN_SPLITS = ("train", "probe20", "finetune80")
PREPROCESSINGS = ("own", "divide255")  # the backbone's own, or the book's mistake


@dataclass(frozen=True)
class RunConfig:
    """All that decides a result, as plain values; the same config on the same machine gives the same numbers.

    Raises:
        ConfigError: A value that cannot be; BackboneError: an unknown backbone or an impossible input size.
    """

    dataset: str = "cifar10-sample"
    backbone: str = "EfficientNetLite0"
    method: str = "linear"  # a key of heads.METHODS
    weights: str = "imagenet"  # imagenet, untrained, or the path of a weights file
    input_size: int = 0  # pixels, square; 0: the backbone's default
    preprocessing: str = "own"
    train_split: str = "train"
    n_train: int = 0  # training images, stratified; 0: all
    n_test: int = 0  # test images, stratified and the same for every seed; 0: all
    seed: int = 0
    epochs: int = heads.Options.epochs
    batch_size: int = heads.Options.batch_size
    learning_rate: float = heads.Options.learning_rate
    strength: float = heads.Options.strength  # L2; 0: chosen on validation
    neighbours: int = heads.Options.neighbours  # 0: chosen on validation
    hidden: int = heads.Options.hidden  # units
    version: int = 1

    def __post_init__(self):
        backbone = backbones.get(self.backbone)
        if not self.input_size:
            object.__setattr__(self, "input_size", backbone.default_size)
        if self.input_size < backbone.min_size:
            raise ConfigError(
                f"{self.backbone} cannot take images of {self.input_size} px",
                f"at least {backbone.min_size} px",
                f"Choose an input size of {backbone.min_size} to {backbone.default_size} px",
            )
        if self.input_size > 1024:
            raise ConfigError(f"The input size is {self.input_size} px", "at most 1024 px", "Choose a smaller one")
        _one_of("method", self.method, heads.METHODS)
        _one_of("preprocessing", self.preprocessing, PREPROCESSINGS)
        _one_of("train_split", self.train_split, TRAIN_SPLITS)
        for name in ("n_train", "n_test", "seed", "strength", "neighbours"):
            _at_least(name, getattr(self, name), 0)
        for name in ("epochs", "batch_size", "hidden"):
            _at_least(name, getattr(self, name), 1)
        if not 0 < self.learning_rate <= 10:
            raise ConfigError(f"The learning rate is {self.learning_rate}", "more than 0 and at most 10", "Try 0.001")

    @property
    def head_options(self) -> heads.Options:
        """The part of the config that the head reads."""
        return heads.Options(**{f.name: getattr(self, f.name) for f in fields(heads.Options)})


def _one_of(name: str, value: str, known: Collection[str]) -> None:
    if value not in known:
        raise ConfigError(f"The {name} is {value!r}", f"one of {', '.join(known)}", "Choose one of these")


def _at_least(name: str, value: float, least: float) -> None:
    if not value >= least:
        raise ConfigError(f"{name} is {value}", f"{least} or more", "Change it")


DEMO = RunConfig(input_size=160)  # Home's button: about half a minute on 2 cores
