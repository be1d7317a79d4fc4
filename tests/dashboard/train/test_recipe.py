"""Recipes on the Train page: kept or changed, and the same run as a command line."""

import pytest

from core import recipes
from core.config import RunConfig
from dashboard.train import recipe


@pytest.mark.parametrize("name", recipes.RECIPES)
def test_a_recipe_stays_one_until_something_it_decides_is_changed(name):
    config = recipes.get(name).config(n_train=500, seed=3)
    assert recipe.kept(config)
    assert not recipe.kept(recipes.get(name).config(epochs=77))


def test_the_command_line_says_what_differs_from_the_usual():
    config = recipes.get("notebook").config(n_train=500)
    assert recipe.command([config]) == (
        "python -m core run --dataset cifar10-sample --backbone MobileNetV2 --recipe notebook --n-train 500"
    )
    config = RunConfig(backbone="Tiny", method="finetune", unfreeze="all", augment="flip+crop")
    assert recipe.command([config]).endswith("--method finetune --unfreeze all --augment flip+crop")
