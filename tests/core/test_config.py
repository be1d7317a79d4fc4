"""A config is checked when it is made."""

import pytest

from core.config import RunConfig
from core.errors import BackboneError, ConfigError


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"method": "magic"}, "one of linear"),
        ({"preprocessing": "none"}, "own, divide255"),
        ({"train_split": "test"}, "train, probe20, finetune80"),
        ({"n_train": -1}, "0 or more"),
        ({"epochs": -1}, "1 to 1000000"),
        ({"learning_rate": -0.1}, "learning rate"),
        ({"method": "finetune", "unfreeze_count": 0}, "unfreeze_count is 0"),
        ({"augment": "flip+blur"}, "flip, crop, colour"),
        ({"dropout": 1.0}, "less than 1"),
        ({"learning_rate": float("nan")}, "learning rate"),
        ({"backbone": "Xception", "input_size": 32}, "at least 71 px"),
        ({"input_size": 5000}, "at most 1024"),
    ],
)
def test_an_impossible_config_is_refused_in_words(values, words):
    with pytest.raises(ConfigError, match=words):
        RunConfig(**values)


def test_an_unknown_backbone_names_a_close_one():
    with pytest.raises(BackboneError, match="ResNet50"):
        RunConfig(backbone="Resnet50")


def test_the_input_size_left_out_is_the_backbones_own():
    assert RunConfig(backbone="Xception").input_size == 299
