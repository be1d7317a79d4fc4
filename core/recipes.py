"""Recipes: whole experiments by name, as fields of a `RunConfig` that anybody can look at and change.

The notebook's exercise, the textbook's recipe for each of its 40 architectures as it is printed and as it was meant,
and what a person would try beside them.
"""

from collections.abc import Callable
from dataclasses import dataclass

from core.config import RunConfig
from core.errors import ConfigError

# The book's table: pixels, pooling, how many of the last layers its slice is meant to unfreeze. All with
# Dense(256, relu) and Dense(10, softmax), Adam 1e-3 for 10 epochs, then Adam 1e-5 for 10.
# fmt: off
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
# fmt: on


@dataclass(frozen=True)
class Recipe:
    """An experiment with a name."""

    name: str
    title: str
    idea: str  # what it does and why one would, in a sentence or two
    backbones: tuple[str, ...]  # the first is the one it was made for
    settings: Callable[[str], dict]  # fields of a RunConfig, for a backbone

    def config(self, backbone: str = "", **changes) -> RunConfig:
        """What to run, with some fields changed.

        Raises:
            ConfigError: The recipe does not know this backbone.
        """
        backbone = backbone or self.backbones[0]
        if backbone not in self.backbones:
            known = ", ".join(self.backbones[:3])
            raise ConfigError(
                f"The recipe {self.name} has no {backbone}",
                f"{known}{' ...' if len(self.backbones) > 3 else ''}",
                "Choose one of these backbones, or set the run up without a recipe",
            )
        return RunConfig(**({"backbone": backbone, "recipe": self.name} | self.settings(backbone) | changes))


def get(name: str) -> Recipe:
    """The recipe of this name.

    Raises:
        ConfigError: There is none.
    """
    if name not in RECIPES:
        raise ConfigError(f"There is no recipe {name!r}", f"one of {', '.join(RECIPES)}", "Choose one of these")
    return RECIPES[name]


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
            "The head alone for five epochs, then the last 30 layers at a hundredth of the rate for three.",
            ("MobileNetV2", "ResNet50V2", "EfficientNetLite0"),
            _notebook,
        ),
        Recipe(
            "custom-cnn",
            "The notebook's own CNN",
            "A small network that has never seen an image, trained from scratch on yours, mirrored and shifted.",
            ("CustomCNN", "VGGSmall", "ResNet20", "MobileNetSmall"),
            _custom_cnn,
        ),
        Recipe(
            "book-as-printed",
            "The book, as printed",
            "Pixels divided by 255 whatever the backbone was trained on, and a slice that is said to leave the rest "
            "frozen but freezes nothing: every layer trains, BatchNorm forgets its statistics.",
            tuple(BOOK),
            _book_as_printed,
        ),
        Recipe(
            "book-corrected",
            "The book, corrected",
            "The same with the backbone's own preprocessing, the last layers unfrozen and all others really frozen.",
            tuple(BOOK),
            _book_corrected,
        ),
        Recipe(
            "resnet152-sgd",
            "The book's ResNet152 by SGD",
            "Every layer by SGD at 0.001 with momentum 0.9, five epochs on the 80 % split.",
            ("ResNet152",),
            _resnet152_sgd,
        ),
    )
}
