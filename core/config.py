"""What a run is: one flat, frozen, validated description that is stored as it is."""

from collections.abc import Collection
from dataclasses import dataclass, fields

from core import backbones, heads
from core.backbones.clip import towers
from core.errors import ConfigError
from core.zero_shot import prompts

PROBES = tuple(heads.METHODS)  # a head on frozen features
TRAINED = ("finetune", "scratch")  # networks whose own weights train
ZERO_SHOT = "zero-shot"  # a CLIP that is told the names of the classes
TITLES = {
    **{name: method.title for name, method in heads.METHODS.items()},
    "finetune": "Fine-tune",
    "scratch": "From scratch",
    ZERO_SHOT: "Zero-shot",
}
TRAIN_SPLITS = ("train", "probe20", "finetune80")
PREPROCESSINGS = ("own", "divide255")  # the backbone's own, or the book's mistake
POOLINGS = ("avg", "max", "flatten", *towers.POOLINGS)  # CLIP's own are the last two
UNFREEZE = ("all", "layers", "blocks", "all-but-batchnorm")
BATCHNORM = ("inference", "training")
OPTIMIZERS = ("adam", "adamw", "sgd")
SCHEDULES = ("constant", "cosine", "one-cycle")
AUGMENTATIONS = ("flip", "crop", "colour")
CLASS_WEIGHTS = ("none", "balanced")
PRECISIONS = ("auto", "float32", "mixed")

OWN_DEFAULTS = {  # what 0 stands for; a pretrained backbone is only nudged
    "finetune": {"epochs": 3, "batch_size": 32, "learning_rate": 1e-5},
    "scratch": {"epochs": 20, "batch_size": 64, "learning_rate": 1e-3},
}
_HEADS_DEFAULTS = {name: getattr(heads.Options, name) for name in ("epochs", "batch_size", "learning_rate")}


@dataclass(frozen=True)
class RunConfig:
    """All that decides a result, as plain values; the same config on the same machine gives the same numbers.

    A fine-tune has two stages: the head alone for `head_epochs`, then head and unfrozen layers for `loop`.

    Raises:
        ConfigError: A value that cannot be; BackboneError: an unknown backbone or an impossible input size.
    """

    dataset: str = "cifar10-sample"
    backbone: str = "EfficientNetLite0"
    method: str = "linear"  # of PROBES or TRAINED, or ZERO_SHOT
    weights: str = "imagenet"  # imagenet (of CLIP: published), untrained, or the path of a weights file or folder
    input_size: int = 0  # pixels, square; 0: the backbone's default
    preprocessing: str = "own"
    pooling: str = "avg"  # of CLIP: class
    train_split: str = "train"
    n_train: int = 0  # training images, stratified; 0: all
    n_test: int = 0  # test images, stratified and the same for every seed; 0: all
    seed: int = 0
    epochs: int = 0  # 0: the method's own default, as for the next two
    batch_size: int = 0
    learning_rate: float = 0.0
    strength: float = heads.Options.strength  # L2; 0: chosen on validation
    neighbours: int = heads.Options.neighbours  # 0: chosen on validation
    hidden: int = heads.Options.hidden  # units of the mlp
    head_units: int = 0  # of a hidden layer between features and classes, in TRAINED; 0: none
    dropout: float = 0.2  # share of the features that the last layer does not see, in training
    head_epochs: int = 5  # of the head alone, before anything is unfrozen; 0: none
    head_learning_rate: float = 1e-3
    start: str = ""  # id of a finished probe whose head is where a fine-tune starts, instead of the head's epochs
    unfreeze: str = "blocks"
    unfreeze_count: int = 2  # layers or blocks, from the end
    batchnorm: str = "inference"  # how the backbone's BatchNorm runs while it trains
    optimizer: str = "adam"
    momentum: float = 0.9  # of sgd
    weight_decay: float = 0.0
    schedule: str = "constant"  # of the learning rate
    label_smoothing: float = 0.0
    augment: str = ""  # of AUGMENTATIONS, joined by +
    patience: int = 0  # epochs without a better validation accuracy before training ends; 0: all epochs
    class_weights: str = "none"
    precision: str = "auto"
    recipe: str = ""  # the name of the recipe this is
    templates: str = ""  # of zero-shot: the name of a set of `prompts`, or templates, one a line
    classes: str = ""  # of zero-shot: what the classes are called, one a line; "": as in the dataset
    version: int = 2

    def __post_init__(self):
        _one_of("method", self.method, (*PROBES, *TRAINED, ZERO_SHOT))
        backbone = backbones.get(self.backbone)
        self._settle_prompts(backbone)
        for name, value in (_HEADS_DEFAULTS | OWN_DEFAULTS.get(self.method, {})).items():
            if not getattr(self, name):
                object.__setattr__(self, name, value)
        if self.method == "scratch":
            object.__setattr__(self, "weights", "untrained")
        if not self.input_size:
            object.__setattr__(self, "input_size", backbone.default_size)
        if self.input_size < backbone.min_size:
            raise ConfigError(
                f"{self.backbone} cannot take images of {self.input_size} px",
                f"at least {backbone.min_size} px",
                f"Choose an input size of {backbone.min_size} to {backbone.default_size} px",
            )
        if self.input_size > (backbone.max_size or self.input_size):
            raise ConfigError(
                f"{self.backbone} cannot take images of {self.input_size} px",
                f"{backbone.max_size} px, the size it was trained for",
                f"Choose {backbone.max_size} px",
            )
        if self.input_size > 1024:
            raise ConfigError(f"The input size is {self.input_size} px", "at most 1024 px", "Choose a smaller one")
        for name, known in (
            *(("preprocessing", PREPROCESSINGS), ("pooling", POOLINGS), ("train_split", TRAIN_SPLITS)),
            *(("unfreeze", UNFREEZE), ("batchnorm", BATCHNORM), ("optimizer", OPTIMIZERS), ("schedule", SCHEDULES)),
            *(("class_weights", CLASS_WEIGHTS), ("precision", PRECISIONS)),
        ):
            _one_of(name, getattr(self, name), known)
        object.__setattr__(self, "pooling", towers.own_pooling(backbone, self.pooling))
        object.__setattr__(self, "weights", backbones.own_weights(backbone, self.weights))
        for kind in self.augmentations:
            _one_of("augmentation", kind, AUGMENTATIONS)
        object.__setattr__(self, "augment", "+".join(kind for kind in AUGMENTATIONS if kind in self.augmentations))
        for name in (
            *("n_train", "n_test", "seed", "strength", "neighbours", "head_units", "head_epochs", "patience"),
            *("weight_decay", "momentum"),
        ):
            _at_least(name, getattr(self, name), 0)
        for name in ("epochs", "batch_size", "hidden"):
            _at_least(name, getattr(self, name), 1)
        if self.unfreeze in ("layers", "blocks"):
            _at_least("unfreeze_count", self.unfreeze_count, 1)
        for name in ("learning_rate", "head_learning_rate"):
            if not 0 < getattr(self, name) <= 10:
                raise ConfigError(
                    f"The {name.replace('_', ' ')} is {getattr(self, name)}", "more than 0 and at most 10", "Try 0.001"
                )
        for name in ("dropout", "label_smoothing", "momentum"):
            if not 0 <= getattr(self, name) < 1:
                raise ConfigError(f"{name} is {getattr(self, name)}", "0 or more and less than 1", "Change it")

    def _settle_prompts(self, backbone: backbones.Backbone) -> None:
        if self.method != ZERO_SHOT:
            for name in ("templates", "classes"):
                if getattr(self, name):
                    raise ConfigError(f"The method {self.method} reads no {name}", "none", "Choose zero-shot")
            return
        if backbone.name not in towers.SHAPES:
            raise ConfigError(
                f"{backbone.name} has no text tower: it cannot be told the names of classes",
                f"one of {', '.join(towers.SHAPES)}",
                "Choose a CLIP, or a probe of this backbone",
            )
        object.__setattr__(self, "templates", self.templates or "single")
        prompts.templates(self.templates)
        if self.classes:
            prompts.class_names(self.classes)
        object.__setattr__(self, "pooling", "projected")

    @property
    def trains(self) -> bool:
        """Whether weights of the network itself train."""
        return self.method in TRAINED

    @property
    def augmentations(self) -> tuple[str, ...]:
        """What is done to training images."""
        return tuple(kind for kind in self.augment.split("+") if kind)

    @property
    def head_options(self) -> heads.Options:
        """The part of the config that the head of a probe reads."""
        return heads.Options(**{f.name: getattr(self, f.name) for f in fields(heads.Options)})


def _one_of(name: str, value: str, known: Collection[str]) -> None:
    if value not in known:
        raise ConfigError(f"The {name} is {value!r}", f"one of {', '.join(known)}", "Choose one of these")


def _at_least(name: str, value: float, least: float) -> None:
    if not value >= least:
        raise ConfigError(f"{name} is {value}", f"{least} or more", "Change it")


DEMO = RunConfig(input_size=160)  # Home's button: about half a minute on 2 cores
