"""Recipes: named experiments, given as fields of a `RunConfig` that can be inspected and changed.

The notebook's exercise, the book's recipe for each of its 40 architectures (as printed and as intended), and a few
experiments to compare them with.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from core.config import RunConfig
from core.errors import ConfigError

# The book's table: input size in pixels, pooling, and how many of the last layers its slice is meant to unfreeze. All
# use Dense(256, relu) and Dense(10, softmax), Adam at 1e-3 for 10 epochs, then Adam at 1e-5 for 10.
BOOK = {
    "VGG16": (224, "flatten", 4),
    "VGG19": (224, "flatten", 4),
    "InceptionV3": (299, "avg", 20),
    "InceptionResNetV2": (299, "avg", 20),
    "ResNet50": (224, "avg", 5),
    "ResNet101": (224, "avg", 5),
    "ResNet152": (224, "avg", 5),
    "ResNet50V2": (224, "avg", 5),
    "ResNet101V2": (224, "avg", 5),
    "ResNet152V2": (224, "avg", 5),
    "DenseNet121": (224, "avg", 15),
    "DenseNet169": (224, "avg", 15),
    "DenseNet201": (224, "avg", 15),
    "Xception": (299, "avg", 30),
    "MobileNet": (224, "avg", 20),
    "MobileNetV2": (224, "avg", 20),
    "MobileNetV3Large": (224, "avg", 20),
    "MobileNetV3Small": (224, "avg", 20),
    "NASNetLarge": (331, "avg", 20),
    "NASNetMobile": (224, "avg", 20),
    "EfficientNetB0": (224, "avg", 4),
    "EfficientNetB1": (240, "avg", 4),
    "EfficientNetB2": (224, "avg", 20),
    "EfficientNetB3": (224, "avg", 20),
    "EfficientNetB4": (380, "avg", 20),
    "EfficientNetB5": (456, "avg", 20),
    "EfficientNetB6": (528, "avg", 20),
    "EfficientNetB7": (600, "avg", 20),
    "EfficientNetV2B0": (224, "flatten", 4),
    "EfficientNetV2B1": (224, "flatten", 4),
    "EfficientNetV2B2": (260, "avg", 5),
    "EfficientNetV2B3": (300, "avg", 5),
    "EfficientNetV2L": (224, "avg", 4),
    "EfficientNetV2M": (224, "avg", 4),
    "EfficientNetV2S": (224, "avg", 4),
    "ConvNeXtTiny": (224, "avg", 4),
    "ConvNeXtSmall": (224, "avg", 4),
    "ConvNeXtBase": (224, "flatten", 4),
    "ConvNeXtLarge": (224, "avg", 10),
    "ConvNeXtXLarge": (224, "avg", 4),
}


@dataclass(frozen=True)
class Recipe:
    """A named experiment."""

    name: str
    title: str
    idea: str  # what it does and why, in one or two sentences
    backbones: tuple[str, ...]  # the first is the default
    settings: Callable[[str], dict[str, Any]]  # backbone -> fields of a RunConfig
    for_each: bool = False  # it is as much for each of its backbones as for the first
    taught: bool = False  # it has a teacher, which is left to be chosen

    def select(self, chosen: Sequence[str]) -> tuple[str, ...]:
        """The backbones to use when this recipe is chosen: its own, whatever was chosen before.

        A recipe for each of many backbones keeps those of the chosen ones that it is for.
        """
        kept = tuple(name for name in chosen if name in self.backbones) if self.for_each else ()
        return kept or self.backbones[:1]

    def config(self, backbone: str = "", **changes: Any) -> RunConfig:
        """The recipe's config for a backbone, with some fields changed.

        Raises:
            ConfigError: The recipe does not support this backbone.
        """
        backbone = backbone or self.backbones[0]
        if backbone not in self.backbones:
            supported = ", ".join(self.backbones[:3])
            raise ConfigError(
                f"The recipe {self.name} does not support {backbone}",
                f"{supported}{', ...' if len(self.backbones) > 3 else ''}",
                "Choose one of these backbones, or configure the run without a recipe",
            )
        fields: dict[str, Any] = {"backbone": backbone, "recipe": self.name}
        return RunConfig(**(fields | self.settings(backbone) | changes))


def get(name: str) -> Recipe:
    """The recipe with this name.

    Raises:
        ConfigError: It does not exist.
    """
    if name not in RECIPES:
        raise ConfigError(f"There is no recipe {name!r}", f"one of {', '.join(RECIPES)}")
    return RECIPES[name]


def check(config: RunConfig) -> None:
    """Raise ConfigError if the recipe of a config leaves open who teaches, and nobody was chosen."""
    recipe = RECIPES.get(config.recipe)
    if recipe and recipe.taught and not config.teacher:
        raise ConfigError(
            f"The recipe {recipe.name} has no teacher yet",
            f"a finished run on {config.dataset} that has a network",
            "Train a probe first, and choose it as the teacher",
        )


def _book(backbone: str) -> dict:
    size, pooling, _ = BOOK[backbone]
    return {
        "method": "finetune",
        "input_size": size,
        "pooling": pooling,
        "train_split": "finetune80",
        "head_units": 256,
        "dropout": 0.0,
        "head_epochs": 10,
        "epochs": 10,
        "learning_rate": 1e-5,
    }


def _book_as_printed(backbone: str) -> dict:
    return _book(backbone) | {"preprocessing": "divide255", "unfreeze": "all", "batchnorm": "training"}


def _book_corrected(backbone: str) -> dict:
    return _book(backbone) | {"unfreeze": "layers", "unfreeze_count": BOOK[backbone][2]}


def _notebook(backbone: str) -> dict:
    return {
        "method": "finetune",
        "input_size": 96,
        "dropout": 0.2,
        "head_epochs": 5,
        "unfreeze": "layers",
        "unfreeze_count": 30,
        "epochs": 3,
        "learning_rate": 1e-5,
        "batch_size": 32,
    }


def _custom_cnn(backbone: str) -> dict:
    return {"method": "scratch", "epochs": 15, "learning_rate": 1e-3, "augment": "flip+crop", "batch_size": 64}


def _distillation(backbone: str) -> dict:
    return {"method": "scratch", "epochs": 15, "learning_rate": 1e-3}


def _resnet152_sgd(backbone: str) -> dict:
    return {
        "method": "finetune",
        "train_split": "finetune80",
        "head_epochs": 0,
        "unfreeze": "all",
        "optimizer": "sgd",
        "learning_rate": 1e-3,
        "momentum": 0.9,
        "epochs": 5,
        "dropout": 0.0,
    }


RECIPES = {
    recipe.name: recipe
    for recipe in (
        Recipe(
            "notebook",
            "The notebook's exercise",
            "Five epochs with only the head, then three with the last 30 layers at a hundredth of the learning rate.",
            ("MobileNetV2", "ResNet50V2", "EfficientNetLite0"),
            _notebook,
        ),
        Recipe(
            "custom-cnn",
            "The notebook's own CNN",
            "A small untrained network, trained from scratch on your images with flips and crops.",
            ("CustomCNN", "VGGSmall", "ResNet20", "MobileNetSmall"),
            _custom_cnn,
        ),
        Recipe(
            "book-as-printed",
            "The book, as printed",
            "Pixels are divided by 255, whatever the backbone was trained on, and the slice meant to freeze all other "
            "layers freezes none: every layer trains, and BatchNorm loses its statistics.",
            tuple(BOOK),
            _book_as_printed,
            for_each=True,
        ),
        Recipe(
            "book-corrected",
            "The book, corrected",
            "The same with the backbone's own preprocessing; the last layers train, and all others really are frozen.",
            tuple(BOOK),
            _book_corrected,
            for_each=True,
        ),
        Recipe(
            "resnet152-sgd",
            "The book's ResNet152 with SGD",
            "Every layer, with SGD at 0.001 and momentum 0.9, for five epochs on the 80 % split.",
            ("ResNet152",),
            _resnet152_sgd,
        ),
        Recipe(
            "distillation",
            "A teacher for a small network",
            "A small untrained network learns from the labels, and from the answers of a run that knows more. "
            "Afterwards, train it without the teacher, and compare.",
            ("CustomCNN", "VGGSmall", "ResNet20", "MobileNetSmall"),
            _distillation,
            taught=True,
        ),
    )
}
