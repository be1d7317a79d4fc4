"""What is said beside each setting, in numbers of the run."""

import pytest

from core.config import RunConfig
from dashboard.train import option_effects

EVEN = [100] * 10


@pytest.mark.parametrize(
    ("name", "changes", "said"),
    [
        ("epochs", {"epochs": 3}, "171 steps"),
        ("batch_size", {}, "57 steps per epoch"),
        ("batch_size", {"batch_size": 4096}, "More than all 1,800 training images"),
        ("learning_rate", {}, "100 times lower than the head's"),
        ("learning_rate", {"learning_rate": 1e-3}, "Not lower"),
        ("layer_decay", {}, "same rate"),
        ("layer_decay", {"layer_decay": 0.75}, "0.75 times the head's rate"),
        ("batchnorm", {}, ""),
        ("batchnorm", {"backbone": "ViTB16"}, "No effect here: ViTB16 has no BatchNorm"),
        ("dropout", {"dropout": 0.5}, "640 of 1,280 features"),
        ("dropout", {"dropout": 0.0}, "Off"),
        ("head_units", {}, "12,810 parameters"),
        ("head_units", {"head_units": 256}, "330,506 parameters"),
        ("head_epochs", {"head_epochs": 0}, "untrained head"),
        ("head_epochs", {"augment": "flip"}, "Through the whole network"),
        ("label_smoothing", {"label_smoothing": 0.1}, "91 %"),
        ("weight_decay", {"weight_decay": 0.1, "learning_rate": 1e-3}, "1.7 %"),
        ("weight_decay", {"weight_decay": 0.1, "learning_rate": 1e-3, "schedule": "cosine"}, "0.85 %"),
        ("momentum", {"momentum": 0.9}, "10 times"),
        ("momentum", {"momentum": 0.0}, "Off"),
        ("patience", {"patience": 2}, "2 epochs in a row"),
        ("class_weights", {}, "equally large"),
        ("n_train", {"n_train": 1800}, "180 images per class"),
        ("seed", {}, ""),
        ("pooling", {"backbone": "ToyCLIP"}, "128 features"),
        ("pooling", {"backbone": "ToyCLIP", "pooling": "projected"}, "64 features"),
        ("pooling", {"backbone": "ConvNeXtTiny"}, "768 features per image, then LayerNorm, as in Keras"),
        ("pooling", {"backbone": "ConvNeXtTiny", "pooling": "norm-avg"}, "not Keras's"),
        ("pooling", {"backbone": "MobileNetV2", "pooling": "max"}, "1,280 features per image"),
    ],
)
def test_a_setting_says_what_it_does_to_this_run(name, changes, said):
    assert said in option_effects.effect(name, RunConfig(method="finetune", **changes), 1800, EVEN)


def test_class_weights_tell_how_uneven_the_classes_are():
    balanced = RunConfig(method="finetune", class_weights="balanced")
    assert "3.0 times one of the largest" in option_effects.effect("class_weights", balanced, 400, [100, 300])
