"""What Keras keeps private and `graph` reads: these tests fail when another Keras has it otherwise."""

import random
import threading

import numpy as np
import pytest

from core import backbones
from core.backbones import graph


@pytest.fixture(scope="module")
def branches():
    """image -> inner (nested: conv) -> left, right -> + (a bare operation) -> last."""
    import keras

    inputs = keras.Input((8, 8, 3), name="image")
    inner_inputs = keras.Input((8, 8, 3))
    inner = keras.Model(inner_inputs, keras.layers.Conv2D(4, 1, name="conv")(inner_inputs), name="inner")
    x = inner(inputs)
    x = keras.layers.Conv2D(4, 1, name="left")(x) + keras.layers.ReLU(name="right")(x)
    return keras.Model(inputs, keras.layers.Flatten(name="last")(x))


def test_every_use_comes_after_those_whose_outputs_it_takes(branches):
    made: set[int] = set()
    for use in graph.uses(branches):
        assert {id(tensor) for tensor in use.inputs} <= made
        made |= {id(tensor) for tensor in use.outputs}
    names = [use.operation.name for use in graph.uses(branches)]
    assert names[:2] == ["image", "inner"] and set(names[2:4]) == {"left", "right"} and names[-1] == "last"
    assert id(branches.outputs[0]) in made


def test_sources_are_layers_and_bare_operations_and_of_a_nested_network_those_where_it_is_called(branches):
    def names(operation) -> list[str]:
        return [source.name for source in graph.sources(operation)]

    assert names(branches.get_layer("inner")) == ["image"]
    assert names(branches.get_layer("left")) == ["inner"]
    (add,) = graph.sources(branches.get_layer("last"))
    assert sorted(names(add)) == ["left", "right"]
    assert names(branches.get_layer("image")) == []


def test_leaves_are_within_nested_networks_and_weight_layers_among_them(branches):
    assert [layer.name for layer in graph.weight_layers(branches)] == ["conv", "left"]
    assert [layer.name for layer in graph.leaves(branches.get_layer("inner"))][1:] == ["conv"]
    assert graph.leaves(branches.get_layer("left")) == [branches.get_layer("left")]


def test_a_model_made_of_some_layers_is_forgotten_by_them_and_works(branches):
    import keras

    before = [len(layer._inbound_nodes) + len(layer._outbound_nodes) for layer in branches.layers]
    middle = branches.get_layer("inner")
    (tensor,) = next(use.outputs for use in graph.uses(branches) if use.operation is middle)
    with graph.forgetting(branches):
        back = keras.Model(tensor, branches.outputs[0])
    assert [len(layer._inbound_nodes) + len(layer._outbound_nodes) for layer in branches.layers] == before
    image = np.ones((1, 8, 8, 3), np.float32)
    np.testing.assert_allclose(np.asarray(back(middle(image))), np.asarray(branches(image)))


def test_layers_are_named_after_their_class_as_keras_names_them():
    from keras import layers

    for layer in (layers.Conv2D(1, 1), layers.BatchNormalization(), layers.ReLU(), layers.SeparableConv2D(1, 1)):
        assert layer.name.rstrip("_0123456789") == graph.snake_case(type(layer).__name__).rstrip("_0123456789")


def test_untrained_weights_are_the_same_while_another_thread_builds_outlines():
    """Layers take their seeds from Python's global generator: an outline takes some too."""
    expected = backbones.load("Tiny", weights="untrained").get_weights()
    state = random.getstate()
    backbones.outline("Tiny", input_size=32)
    assert random.getstate() != state  # else the lock is not needed any more
    done = threading.Event()

    def build_outlines() -> None:
        while not done.is_set():
            backbones.outline("Tiny", input_size=32)

    thread = threading.Thread(target=build_outlines)
    thread.start()
    try:
        for _ in range(10):
            weights = backbones.load("Tiny", weights="untrained").get_weights()
            for received, wanted in zip(weights, expected, strict=True):
                np.testing.assert_array_equal(received, wanted)
    finally:
        done.set()
        thread.join()
