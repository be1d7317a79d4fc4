"""What is said beside each setting, in numbers of the run."""

import numpy as np
import pytest

from core import recipes
from core.config import RunConfig
from core.training.freezing import Frozen
from dashboard.train import augmentation, cost, freeze, option_effects, recipe
from dashboard.ui import formats

EVEN = [100] * 10


@pytest.mark.parametrize(
    ("name", "changes", "said"),
    [
        ("epochs", {"epochs": 3}, "171 steps"),
        ("batch_size", {}, "57 steps an epoch"),
        ("batch_size", {"batch_size": 4096}, "More than the 1,800 images there are"),
        ("learning_rate", {}, "100 times gentler than the head's"),
        ("learning_rate", {"learning_rate": 1e-3}, "Not gentler"),
        ("dropout", {"dropout": 0.5}, "640 of 1,280 features"),
        ("dropout", {"dropout": 0.0}, "Off"),
        ("head_units", {}, "12,810 parameters"),
        ("head_units", {"head_units": 256}, "330,506 parameters"),
        ("head_epochs", {"head_epochs": 0}, "knows nothing yet"),
        ("head_epochs", {"augment": "flip"}, "Through the whole network"),
        ("label_smoothing", {"label_smoothing": 0.1}, "get 91 %"),
        ("weight_decay", {"weight_decay": 0.1, "learning_rate": 1e-3}, "1.7 %"),
        ("momentum", {"momentum": 0.9}, "last 10"),
        ("patience", {"patience": 2}, "2 epochs in a row"),
        ("class_weights", {}, "equally large"),
        ("n_train", {"n_train": 1800}, "180 images a class"),
        ("seed", {}, ""),
        ("pooling", {"backbone": "TinyCLIP"}, "128 features"),
        ("pooling", {"backbone": "TinyCLIP", "pooling": "projected"}, "64 features"),
    ],
)
def test_a_setting_says_what_it_does_to_this_run(name, changes, said):
    assert said in option_effects.effect(name, RunConfig(method="finetune", **changes), 1800, EVEN)


def test_class_weights_tell_how_uneven_the_classes_are():
    balanced = RunConfig(method="finetune", class_weights="balanced")
    assert "3.0 times one of the largest" in option_effects.effect("class_weights", balanced, 400, [100, 300])


def test_a_click_on_a_block_unfreezes_from_there_to_the_end():
    assert freeze.clicked({"selection": {"points": [{"customdata": 15}]}}, 18) == 3
    assert freeze.clicked({"selection": {"points": [{"customdata": [17]}]}}, 18) == 1
    assert freeze.clicked({"selection": {"points": []}}, 18) is None
    assert freeze.clicked({}, 18) is None


def test_the_plan_is_said_in_layers_with_weights_and_parameters():
    frozen = Frozen((), (), 2_257_984, 1_519_040, 104, 21, 30, 154)
    config = RunConfig(backbone="MobileNetV2", method="finetune", unfreeze="layers", unfreeze_count=30)
    said = freeze.sentence(frozen, config)
    assert "The last 30 of 154 layers of MobileNetV2: 21 of its 104 layers with weights" in said
    assert "1.5 M of 2.3 M parameters" in said


@pytest.mark.parametrize(("optimizer", "momentum", "copies"), [("adam", 0.9, 3), ("sgd", 0.9, 2), ("sgd", 0.0, 1)])
def test_memory_counts_weights_gradients_and_moments(optimizer, momentum, copies):
    frozen = Frozen((), (), 1000, 100, 10, 1, 1, 10)
    config = RunConfig(method="finetune", optimizer=optimizer, momentum=momentum)
    assert freeze.memory(frozen, config) == 4 * (1000 + copies * 100)


@pytest.mark.parametrize("name", recipes.RECIPES)
def test_a_recipe_stays_one_until_something_it_decides_is_changed(name):
    config = recipes.get(name).config(n_train=500, seed=3)
    assert recipe.kept(config)
    assert not recipe.kept(recipes.get(name).config(epochs=77))


def test_the_command_line_says_what_differs_from_the_usual():
    config = recipes.get("notebook").config(n_train=500)
    assert recipe.command(config) == (
        "python -m core run --dataset cifar10-sample --backbone MobileNetV2 --recipe notebook --n-train 500"
    )
    config = RunConfig(backbone="Tiny", method="finetune", unfreeze="all", augment="flip+crop")
    assert recipe.command(config).endswith("--method finetune --unfreeze all --augment flip+crop")


def test_the_preview_has_the_images_as_they_are_and_changed():
    import io

    from PIL import Image

    pictures = np.random.default_rng(0).integers(0, 256, (4, 32, 32, 3), np.uint8)
    sheet = Image.open(io.BytesIO(augmentation.sheet(pictures, ("flip", "colour"), seed=0)))
    assert sheet.width > sheet.height and sheet.height >= 3 * 96
    assert augmentation.sheet(pictures, ("flip",), seed=0) == augmentation.sheet(pictures, ("flip",), seed=0)


def test_numbers_are_written_as_a_person_writes_them():
    assert formats.learning_rate(1e-5) == "1e-5"
    assert formats.learning_rate(0.001) == "0.001"
    assert (formats.storage(1.23e9), formats.storage(345e6)) == ("1.2 GB", "345 MB")
    assert cost.KINDS.keys() == {"flip", "crop", "colour"}
