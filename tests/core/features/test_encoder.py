"""Encoders: defaults stand for values, and weights are looked for without a download."""

import pytest

from core import backbones, hardware
from core.config import RunConfig
from core.embeddings import Source
from core.errors import ConfigError, WeightsError
from core.features import Encoder


def test_defaults_are_the_values_they_stand_for():
    entry = backbones.get("MobileNetV2")
    encoder = Encoder("MobileNetV2")
    assert encoder == Encoder("MobileNetV2", input_size=entry.default_size, preprocessing=entry.preprocessing)
    assert encoder != Encoder("MobileNetV2", preprocessing="divide255")
    assert encoder.precision == ("tf32" if hardware.describe()["gpu"] else "float32")
    assert Encoder("ToyCLIP").pooling == "class"
    assert Encoder("ToyCLIP").weights == "published"
    with pytest.raises(ConfigError, match="no features of pooling"):
        Encoder("MobileNetV2", pooling="projected")


def test_a_config_and_a_source_of_the_same_backbone_have_the_same_encoder():
    settings = {"backbone": "Tiny", "weights": "untrained", "input_size": 16, "preprocessing": "divide255"}
    assert RunConfig(**settings, pooling="max").encoder == Source(**settings, pooling="max").encoder


def test_a_gpu_computes_in_tf32_unless_a_training_says_otherwise(monkeypatch):
    monkeypatch.setattr(hardware, "describe", lambda: {"gpu": "NVIDIA H100"})
    assert Encoder("MobileNetV2").precision == RunConfig(method="finetune").encoder.precision == "tf32"
    assert RunConfig(method="finetune", precision="float32").encoder.precision == "float32"


def test_only_a_training_has_the_precision_of_its_config():
    assert RunConfig(method="finetune", precision="mixed").encoder.precision == "bfloat16"
    assert RunConfig(precision="mixed").encoder == RunConfig().encoder  # features that probes share


def test_published_weights_that_are_not_here_are_named_and_not_downloaded(monkeypatch):
    monkeypatch.setattr("urllib.request.urlopen", lambda *_: pytest.fail("downloads"))
    away = Encoder("VGG16")
    assert away.needs_download
    with pytest.raises(WeightsError, match="VGG16 are not on this machine yet"):
        away.local_weights()
    assert not Encoder("VGG16", "untrained").needs_download
    assert Encoder("EfficientNetLite0").local_weights().origin == "imagenet"
