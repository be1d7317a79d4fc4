"""Recipes: complete, runnable, and different exactly where they claim to be."""

from dataclasses import asdict, replace

import pytest

from core import backbones, recipes
from core.config import RunConfig
from core.errors import ConfigError
from core.execute import execute, find_learning_rate
from core.plan import plan
from core.training import freezing

EVERY = [(recipe.name, backbone) for recipe in recipes.RECIPES.values() for backbone in recipe.backbones]
ONE_OF_EACH_FAMILY = (
    "VGG16",
    "ResNet50",
    "InceptionV3",
    "ResNet50V2",
    "Xception",
    "DenseNet121",
    "MobileNetV2",
    "NASNetMobile",
    "EfficientNetB0",
    "EfficientNetV2B0",
    "ConvNeXtTiny",
    *backbones.scratch_names(),
)
USUAL = {"book-as-printed": "MobileNetV2", "book-corrected": "EfficientNetB0", "notebook": "MobileNetV2"}


def _marks(recipe: str, backbone: str) -> list:
    usual = backbone in (USUAL.get(recipe), *backbones.scratch_names())
    return [pytest.mark.slow] if usual else [pytest.mark.slow, pytest.mark.exhaustive]


STARTED = [
    pytest.param(name, backbone, marks=_marks(name, backbone))
    for name, backbone in EVERY
    if not recipes.get(name).taught  # which trains the networks of custom-cnn
]


def test_every_recipe_describes_a_run_that_names_it():
    for name, backbone in EVERY:
        config = recipes.get(name).config(backbone)
        assert (config.recipe, config.backbone) == (name, backbone)
        assert config.trains


def test_the_book_has_a_recipe_for_each_of_its_40_architectures():
    assert set(recipes.BOOK) == {name for name in backbones.names() if name != "EfficientNetLite0"}


@pytest.mark.parametrize(
    ("name", "chosen", "selected"),
    [
        ("notebook", ("Xception",), ("MobileNetV2",)),
        ("notebook", ("EfficientNetLite0",), ("MobileNetV2",)),  # it fits, but the exercise is about another
        ("resnet152-sgd", (), ("ResNet152",)),
        ("book-corrected", ("Xception",), ("Xception",)),
        ("book-corrected", ("EfficientNetLite0", "VGG19"), ("VGG19",)),
        ("book-corrected", ("EfficientNetLite0",), ("VGG16",)),
    ],
)
def test_a_recipe_brings_its_backbone_and_one_for_each_of_many_keeps_the_chosen(name, chosen, selected):
    assert recipes.get(name).select(chosen) == selected


def test_as_printed_differs_from_corrected_in_pixels_and_in_what_is_frozen_only():
    for backbone in recipes.BOOK:
        printed, corrected = (
            asdict(recipes.get(f"book-{which}").config(backbone)) for which in ("as-printed", "corrected")
        )
        different = {name for name in printed if printed[name] != corrected[name]}
        assert different == {"recipe", "preprocessing", "unfreeze", "unfreeze_count", "batchnorm"}
        assert (printed["preprocessing"], printed["unfreeze"], printed["batchnorm"]) == ("divide255", "all", "training")


def test_the_notebook_is_the_exercise():
    assert recipes.get("notebook").config() == RunConfig(
        backbone="MobileNetV2",
        method="finetune",
        input_size=96,
        dropout=0.2,
        head_epochs=5,
        head_learning_rate=1e-3,
        unfreeze="layers",
        unfreeze_count=30,
        epochs=3,
        learning_rate=1e-5,
        batch_size=32,
        recipe="notebook",
    )


def test_a_recipe_can_be_changed_in_places():
    config = recipes.get("notebook").config(n_train=500, epochs=1)
    assert (config.n_train, config.epochs, config.head_epochs) == (500, 1, 5)


def test_a_recipe_with_a_teacher_says_that_nobody_was_chosen():
    config = recipes.get("distillation").config()
    with pytest.raises(ConfigError, match=r"distillation has no teacher yet.*Train a probe first"):
        plan(config)
    with pytest.raises(ConfigError, match="distillation has no teacher yet"):
        execute(config)
    with pytest.raises(ConfigError, match="distillation has no teacher yet"):
        find_learning_rate(config)
    recipes.check(replace(config, teacher="somebody"))


def test_an_unknown_recipe_and_a_backbone_it_does_not_know_are_named():
    with pytest.raises(ConfigError, match=r"'magic'.*notebook"):
        recipes.get("magic")
    with pytest.raises(ConfigError, match=r"resnet152-sgd .*VGG16.*ResNet152"):
        recipes.get("resnet152-sgd").config("VGG16")


@pytest.mark.slow
@pytest.mark.parametrize("backbone", ONE_OF_EACH_FAMILY)
def test_every_recipe_of_a_family_freezes_what_it_says(backbone: str):
    for name in (recipe for recipe, known in EVERY if known == backbone):
        config = recipes.get(name).config(backbone, weights="untrained", input_size=backbones.get(backbone).min_size)
        frozen = freezing.describe(config)
        assert 0 < frozen.trainable_weight_layers <= frozen.weight_layers
        still = frozen.weight_layers - frozen.trainable_weight_layers  # EfficientNet's Normalization never trains
        assert (still > 1) == (name in ("book-corrected", "notebook"))


@pytest.mark.parametrize(("name", "backbone"), STARTED)
def test_every_recipe_starts_on_its_real_architecture(name: str, backbone: str):
    changes = {"weights": "untrained", "input_size": backbones.get(backbone).min_size}
    changes |= {"n_train": 16, "n_test": 10, "batch_size": 8, "epochs": 1}
    if recipes.get(name).settings(backbone).get("head_epochs"):
        changes["head_epochs"] = 1
    outcome = execute(recipes.get(name).config(backbone, **changes)).outcome
    assert [stage["name"] for stage in outcome.stages][-1] in ("finetune", "scratch")
    assert 0 < outcome.trainable_weight_layers <= outcome.weight_layers
    frozen = outcome.weight_layers - outcome.trainable_weight_layers  # EfficientNet's Normalization can only be frozen
    assert (frozen > 1) == (name in ("book-corrected", "notebook"))
