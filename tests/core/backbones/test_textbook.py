"""The networks of the chapter, written out: known among the backbones, and readable by themselves."""

import ast

import pytest

from core import backbones
from core.backbones import networks, textbook
from core.backbones.catalog import BACKBONES


@pytest.mark.parametrize("name", textbook.NETWORKS)
def test_a_textbook_network_can_be_chosen_to_be_trained_from_scratch(name):
    spec = backbones.get(name)
    assert name in backbones.scratch_names()
    assert name not in backbones.names()
    assert networks.OWN[name] is textbook.NETWORKS[name].build
    assert spec.paper_url.startswith("https://arxiv.org/abs/")
    assert backbones.find_weights(name).origin == "untrained"


@pytest.mark.parametrize("name", [name for name, network in textbook.NETWORKS.items() if network.keras])
def test_its_facts_are_those_of_keras_own_network(name):
    ours, keras = backbones.get(name), backbones.get(textbook.NETWORKS[name].keras)
    assert (ours.params, ours.depth, ours.feature_dim) == (keras.params, keras.depth, keras.feature_dim)
    assert (ours.paper_url, ours.year) == (keras.paper_url, keras.year)


@pytest.mark.parametrize("name", textbook.NETWORKS)
def test_its_file_stands_alone_and_is_short_enough_to_read(name):
    source = textbook.source(textbook.NETWORKS[name].build)
    tree = ast.parse(source)
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert imported == {"keras"}
    assert "arXiv:" in ast.get_docstring(tree)
    assert len(source.splitlines()) < 80


def test_every_family_of_the_chapter_has_its_network():
    families = {spec.family for spec in BACKBONES.values() if spec.name in backbones.names()}
    written = {family for network in textbook.NETWORKS.values() for family in network.families}
    assert families - written == {"NASNet"}  # whose cell was found by a search, and is no text to learn from
    assert textbook.of_family("ResNetV2") == "TextbookResNet50"
    assert textbook.of_family("NASNet") == ""
