"""What there is to choose, as JSON."""

import json

from core import backbones
from core.cli.commands import main


def test_backbones_are_a_list_of_facts(capsys):
    assert main(["backbones", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert len(facts) == len(backbones.pretrained_names())
    assert {fact["preprocessing"] for fact in facts} == {"caffe", "tf", "torch", "torch-bicubic", "inside", "clip"}
    assert {"name", "family"} <= set(facts[0])


def test_recipes_are_listed_with_their_backbones(capsys):
    assert main(["recipes", "--json"]) == 0
    assert {each["name"]: each["backbones"][0] for each in json.loads(capsys.readouterr().out)} == {
        "notebook": "MobileNetV2",
        "custom-cnn": "CustomCNN",
        "book-as-printed": "VGG16",
        "book-corrected": "VGG16",
        "resnet152-sgd": "ResNet152",
        "distillation": "CustomCNN",
    }
