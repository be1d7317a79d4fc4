"""The configuration of a run: one flat, frozen, validated dataclass, stored as it is."""

from dataclasses import dataclass, fields
from typing import Any

from core import backbones, heads, options
from core.errors import ConfigError
from core.features import Encoder
from core.options import option
from core.zero_shot import prompts
from core.zero_shot.classifier import METHOD as ZERO_SHOT  # CLIP, given the names of the classes

PROBES = tuple(heads.METHODS)  # a head on frozen features
TRAINED = ("finetune", "scratch")  # networks whose own weights train
BY_EPOCH = (*TRAINED, *(name for name, method in heads.METHODS.items() if "epochs" in method.options))

# The values of a field, with their titles on screen
TITLES = {
    **{name: method.title for name, method in heads.METHODS.items()},
    "finetune": "Fine-tune",
    "scratch": "From scratch",
    ZERO_SHOT: "Zero-shot",
}
TRAIN_SPLITS = {
    "train": "All training images",
    "probe20": "The book's 20 %",
    "finetune80": "The book's other 80 %",
}
PREPROCESSINGS = {"own": "As the backbone wants them", "divide255": "Divided by 255, the book's mistake"}
POOLINGS = {
    "avg": "Average",
    "max": "Maximum",
    "flatten": "Flatten",
    "norm-avg": "LayerNorm first, then average",  # this and the next: ConvNeXt only, as in earlier versions
    "norm-max": "LayerNorm first, then maximum",
    "class": "Class token",  # this and the next three: transformers only
    "attention": "Attention pooling",  # SigLIP 2 only
    "patches": "Mean of the patches",
    "projected": "Class token after the projection",  # CLIP only
}
UNFREEZE = {
    "blocks": "Last blocks",
    "layers": "Last layers",
    "all": "Everything",
    "all-but-batchnorm": "All but BatchNorm",
}
BATCHNORM = {"inference": "Inference: statistics stay", "training": "Training: statistics move"}
OPTIMIZERS = {"adam": "Adam", "adamw": "AdamW", "sgd": "SGD"}
SCHEDULES = {"constant": "Constant", "cosine": "Cosine", "one-cycle": "One cycle"}
AUGMENTATIONS = {"flip": "Flip", "crop": "Crop", "colour": "Colour"}
CLASS_WEIGHTS = {"none": "All images count the same", "balanced": "Rare classes count more"}
PRECISIONS = {"auto": "Automatic", "float32": "float32", "mixed": "Mixed"}

HEAD_DEFAULTS = {name: getattr(heads.Options, name) for name in ("epochs", "batch_size", "learning_rate")}
OWN_DEFAULTS = {  # what 0 stands for; a pretrained backbone takes small steps
    "finetune": {"epochs": 3, "batch_size": 32, "learning_rate": 1e-5},
    "scratch": {"epochs": 20, "batch_size": 64, "learning_rate": 1e-3},
}


def _usual(name: str) -> str:
    """The method-dependent defaults of a field, as text."""
    usual = {method: defaults[name] for method, defaults in OWN_DEFAULTS.items()} | {"probes": HEAD_DEFAULTS[name]}
    return "default: " + ", ".join(f"{method} {value:g}" for method, value in usual.items())


@dataclass(frozen=True)
class RunConfig:
    """Everything that determines a result; the same config on the same machine gives the same numbers.

    A fine-tune has two phases: the head alone for `head_epochs`, then head and unfrozen layers for `epochs`.

    Raises:
        ConfigError: An option does not accept its value.
        BackboneError: An unknown backbone.
    """

    dataset: str = option(
        "cifar10-sample", "Dataset", "name of a dataset, or the path of a folder or zip", value="NAME"
    )
    backbone: str = option("EfficientNetLite0", "Backbone", "name of a backbone", value="NAME")
    method: str = option(
        "linear",
        "Method",
        "a head on the features, what trains of the network itself, or class names alone",
        choices=TITLES,
    )
    weights: str = option(  # for CLIP, imagenet stands for published
        "imagenet", "Weights, or a file's path", "imagenet, untrained, or the path of a weights file", value="WEIGHTS"
    )
    input_size: int = option(
        0,
        "Input size in px, 0 for its own",
        "pixels, square; 0: the backbone's default",
        value="PX",
        most=1024,
        offered=(0, 1024),
        step=32,
    )
    preprocessing: str = option(
        "own", "Pixels", "the backbone's own preprocessing, or the book's mistake", choices=PREPROCESSINGS
    )
    pooling: str = option(  # for CLIP, avg stands for class
        "avg", "Pooling", "how the positions of the last feature map become one vector", choices=POOLINGS
    )
    train_split: str = option("train", "Train on", "the images to train on", choices=TRAIN_SPLITS)
    n_train: int = option(
        0,
        "Training images, 0 for all",
        "training images, stratified; 0: all",
        least=0,
        offered=(0, 10_000_000),
        step=100,
    )
    n_test: int = option(  # the same for every seed
        0, "Test images, 0 for all", "test images, stratified; 0: all", least=0, offered=(0, 10_000_000), step=100
    )
    seed: int = option(0, "Seed", "seed of the sample and of training", least=0, most=2**63 - 1, offered=(0, 2**31 - 1))
    epochs: int = option(
        0, "Epochs", f"passes over the training images; {_usual('epochs')}", least=1, most=1_000_000, offered=(1, 1000)
    )
    batch_size: int = option(
        0, "Batch size", f"images a step; {_usual('batch_size')}", least=1, most=1_000_000, offered=(1, 8192), step=16
    )
    learning_rate: float = option(
        0.0,
        "Learning rate",
        f"of the training; {_usual('learning_rate')}",
        value="RATE",
        above=0,
        most=10,
        offered=(1e-7, 10.0),
    )
    strength: float = option(
        heads.Options.strength,
        "L2 strength, 0 for automatic",
        "regularisation; 0: chosen on validation (linear)",
        value="L2",
        least=0,
        most=1e6,
        offered=(0.0, 1e6),
        step=1e-4,
    )
    neighbours: int = option(
        heads.Options.neighbours,
        "Neighbours, 0 for automatic",
        "how many vote; 0: chosen on validation (knn)",
        value="K",
        least=0,
        most=1_000_000,
        offered=(0, 1000),
    )
    hidden: int = option(
        heads.Options.hidden,
        "Hidden units",
        "units of the hidden layer (mlp)",
        least=1,
        most=65_536,
        offered=(1, 8192),
        step=64,
    )
    head_units: int = option(
        0,
        "Hidden units in the head",
        "hidden units before the last layer; 0: none (finetune and scratch, as all below)",
        least=0,
        most=65_536,
        offered=(0, 4096),
        step=64,
    )
    dropout: float = option(
        0.2,
        "Dropout",
        "share of the features that the last layer does not see, in training",
        value="SHARE",
        least=0,
        below=1,
        offered=(0.0, 0.95),
        step=0.1,
    )
    head_epochs: int = option(
        5,
        "Epochs of the head alone",
        "epochs of the head alone, before anything is unfrozen; 0: none",
        least=0,
        most=1_000_000,
        offered=(0, 200),
    )
    head_learning_rate: float = option(
        1e-3,
        "Learning rate of the head alone",
        "learning rate in these epochs",
        value="RATE",
        above=0,
        most=10,
        offered=(1e-7, 10.0),
        step=1e-4,
    )
    start: str = option("", "The head starts from", "id of a probe to take the head from instead", value="RUN")
    unfreeze: str = option(
        "blocks", "What trains besides the head", "the part of the backbone that trains", choices=UNFREEZE
    )
    unfreeze_count: int = option(2, "How many, from the end", "layers or blocks, from the end")
    batchnorm: str = option(
        "inference",
        "BatchNorm of the backbone",
        "how the backbone's BatchNorm runs while it trains",
        choices=BATCHNORM,
    )
    layer_decay: float = option(
        1.0,
        "Layer-wise decay",
        "learning rate of a block as a share of the next one's, towards the head; 1: all the same",
        value="SHARE",
        above=0,
        most=1,
        offered=(0.1, 1.0),
        step=0.05,
    )
    optimizer: str = option("adam", "Optimizer", "the optimizer", choices=OPTIMIZERS)
    momentum: float = option(
        0.9, "Momentum", "momentum of sgd", value="SHARE", least=0, below=1, offered=(0.0, 0.999), step=0.05
    )
    weight_decay: float = option(
        0.0, "Weight decay", "decoupled weight decay", value="RATE", least=0, most=1e9, offered=(0.0, 1.0), step=1e-3
    )
    schedule: str = option("constant", "Schedule", "schedule of the learning rate", choices=SCHEDULES)
    label_smoothing: float = option(
        0.0,
        "Label smoothing",
        "share of each label spread evenly over all classes",
        value="SHARE",
        least=0,
        below=1,
        offered=(0.0, 0.9),
        step=0.05,
    )
    augment: str = option(
        "",
        "Augmentation of training images",
        f"{', '.join(AUGMENTATIONS)}, joined by +",
        value="KINDS",
        choices=AUGMENTATIONS,
        several=True,
    )
    patience: int = option(
        0,
        "Stop early after epochs, 0: never",
        "epochs without a better validation accuracy before training ends; 0: no early stop",
        least=0,
        most=1_000_000,
        offered=(0, 100),
    )
    class_weights: str = option("none", "Class weights", "balanced: rare classes count more", choices=CLASS_WEIGHTS)
    precision: str = option("auto", "Precision", "mixed: 16 bits where a device gains from it", choices=PRECISIONS)
    teacher: str = option("", "Teacher", "id of a run on the same dataset whose answers it learns too", value="RUN")
    temperature: float = option(
        3.0,
        "Temperature",
        "softens the answers of teacher and network, so that wrong classes count too",
        value="T",
        least=1,
        most=100,
        offered=(1.0, 100.0),
        step=0.5,
    )
    teacher_weight: float = option(
        0.5,
        "Weight of the teacher",
        "share of the loss that comes from the teacher; the rest comes from the labels",
        value="SHARE",
        above=0,
        most=1,
        offered=(0.05, 1.0),
        step=0.05,
    )
    recipe: str = option("", "Recipe", "an experiment by name; other options change it", value="NAME")
    templates: str = option(
        "",
        "Prompts",
        f"{', '.join(prompts.SETS)}, or templates, one per line (zero-shot)",
        value="PROMPTS",
        longest=100_000,
    )
    classes: str = option(  # "": as in the dataset
        "", "Class names", "what the classes are called, one per line (zero-shot)", value="NAMES", longest=1_000_000
    )
    version: int = 3  # before 3, ConvNeXt's avg and max were what norm-avg and norm-max are now

    def __post_init__(self):
        backbone = backbones.get(self.backbone)
        for name, value in self._settled(backbone).items():
            object.__setattr__(self, name, value)
        self._check_prompts(backbone)
        self._check_input_size(backbone)
        if self.teacher and not self.trains:
            raise ConfigError(f"The method {self.method} has no teacher", "none", f"Choose {' or '.join(TRAINED)}")
        options.check(self)
        if self.unfreeze in ("layers", "blocks") and self.unfreeze_count < 1:
            raise ConfigError(
                f"unfreeze_count is {self.unfreeze_count}", "1 or more", "To unfreeze nothing, train a probe"
            )

    def _settled(self, backbone: backbones.Backbone) -> dict[str, Any]:
        """The values of fields left at their defaults, for this backbone and method."""
        defaults = HEAD_DEFAULTS | OWN_DEFAULTS.get(self.method, {}) | {"input_size": backbone.default_size}
        settled = {name: value for name, value in defaults.items() if not getattr(self, name)}
        weights = "untrained" if self.method == "scratch" else self.weights
        settled |= {"backbone": backbone.name, "weights": backbone.own_weights(weights)}
        settled["augment"] = "+".join(sorted(set(self.augmentations), key=[*AUGMENTATIONS, *self.augmentations].index))
        if self.method != "finetune":
            settled["layer_decay"] = 1.0
        if not self.teacher:
            settled |= {name: options.defaults(RunConfig)[name] for name in ("temperature", "teacher_weight")}
        if self.method == ZERO_SHOT:
            texts = {"templates": self.templates.strip() or "single", "classes": self.classes.strip()}
            return settled | texts | {"pooling": backbone.text_pooling}
        return settled | {"pooling": backbone.own_pooling(self.pooling)}

    def _check_input_size(self, backbone: backbones.Backbone) -> None:
        received = f"{self.backbone} cannot take images of {self.input_size} px"
        if self.input_size < backbone.min_size:
            usual = f"Choose an input size of {backbone.min_size} to {backbone.default_size} px"
            raise ConfigError(received, f"at least {backbone.min_size} px", usual)
        if backbone.max_size and self.input_size > backbone.max_size:
            expected = f"{backbone.max_size} px, the size it was trained for"
            raise ConfigError(received, expected, f"Choose {backbone.max_size} px")
        backbone.check_patches(self.input_size)

    def _check_prompts(self, backbone: backbones.Backbone) -> None:
        if self.method != ZERO_SHOT:
            if unread := [name for name in ("templates", "classes") if getattr(self, name)]:
                raise ConfigError(f"The method {self.method} does not use {unread[0]}", "none", "Choose zero-shot")
            return
        if not backbone.has_text_tower:
            raise ConfigError(
                f"{backbone.name} has no text tower: it cannot classify by the names of classes",
                f"one of {', '.join(backbones.text_names())}",
                "Choose one of them, or a probe of this backbone",
            )
        prompts.templates(self.templates)
        if self.classes:
            prompts.class_names(self.classes)

    @property
    def trains(self) -> bool:
        """Whether weights of the network itself are trained."""
        return self.method in TRAINED

    @property
    def augmentations(self) -> tuple[str, ...]:
        """The augmentations of training images."""
        return tuple(kind for kind in self.augment.split("+") if kind)

    @property
    def encoder(self) -> Encoder:
        """The part of the config that determines features; a probe uses the default precision of this machine."""
        return Encoder(
            backbone=self.backbone,
            weights=self.weights,
            input_size=self.input_size,
            preprocessing=self.preprocessing,
            pooling=self.pooling,
            precision=self.precision if self.trains else "auto",
        )

    @property
    def training_name(self) -> str:
        """The name under which its speed in training is kept: the backbone and every setting that affects it."""
        trained = f"{self.unfreeze} {self.unfreeze_count}" if self.method == "finetune" else "everything"
        return f"{self.backbone} {self.method} {trained} {self.augment or 'as they are'} {self.batch_size}"

    @property
    def head_options(self) -> heads.Options:
        """The options of a probe's head."""
        return heads.Options(**{f.name: getattr(self, f.name) for f in fields(heads.Options)})


DEMO = RunConfig(input_size=160)  # Home's button: about half a minute on 2 cores
