"""What Keras keeps private and `graph` reads: these tests fail when another Keras has it otherwise."""

import random
import threading
from collections.abc import Callable

import numpy as np
import pytest

from core import backbones
from core.backbones import graph, keras_loader, keras_weights
from core.errors import WeightsError


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


def test_seeded_values_are_those_that_keras_gives_a_process_of_that_seed():
    """Exported code sets the seed of its own process, and starts from the same network."""
    import keras

    keras.utils.set_random_seed(3)
    expected = [np.array(variable) for variable in _network().variables]
    with graph.seeded(3):
        received = [np.array(variable) for variable in _network().variables]
    assert len(received) == 3  # a kernel, a bias and the seed of dropout
    for own, keras_own in zip(received, expected, strict=True):
        np.testing.assert_array_equal(own, keras_own)


def test_seeds_within_seeds_end_with_their_block_and_the_process_keeps_its_random_numbers():
    state = random.getstate()
    with graph.seeded(1):
        first = _kernel()
        with graph.seeded(2):
            other = _kernel()
        second = _kernel()
    with graph.seeded(1):
        np.testing.assert_array_equal([_kernel(), _kernel()], [first, second])
    assert not np.array_equal(first, second) and not np.array_equal(first, other)
    assert random.getstate() == state
    _kernel()
    assert random.getstate() != state  # outside, Keras draws from the process


def test_weights_that_a_file_fills_later_are_not_drawn_and_other_threads_draw_theirs():
    drawn: list[np.ndarray] = []
    with graph.filled_later():
        empty = _network()
        thread = threading.Thread(target=lambda: drawn.append(_kernel()))
        thread.start()
        thread.join()
    kernel, bias = empty.get_weights()
    assert np.isnan(kernel).all() and not bias.any()
    assert np.isfinite(drawn[0]).all() and np.isfinite(_kernel()).all()


def test_a_network_that_is_read_from_a_file_has_no_value_that_is_not_in_it(monkeypatch):
    made: list[bool] = []
    build = keras_loader.build

    def spy(*arguments):
        network = build(*arguments)
        made.append(all(np.isnan(layer.kernel).all() for layer in network.layers if hasattr(layer, "kernel")))
        return network

    monkeypatch.setattr(keras_loader, "build", spy)
    network = backbones.load("EfficientNetLite0", input_size=32)
    assert made == [True]
    assert all(np.isfinite(weight).all() for weight in network.get_weights())


def test_a_weight_that_a_reader_leaves_out_is_named(monkeypatch):
    assign = keras_weights._assign

    def skip(layer, variables, *others):
        if "stem" not in layer.name or not any("kernel" in variable.path for variable in variables):
            assign(layer, variables, *others)

    monkeypatch.setattr(keras_weights, "_assign", skip)
    with pytest.raises(WeightsError, match=r"gives EfficientNetLite0 no values for .*stem"):
        backbones.load("EfficientNetLite0", input_size=32)


def test_drawing_is_left_out_until_the_outer_block_ends():
    with graph.filled_later():
        with graph.filled_later():
            pass
        assert np.isnan(_kernel()).all()
    assert np.isfinite(_kernel()).all()


@pytest.mark.slow
def test_untrained_weights_are_the_same_while_other_threads_draw_random_numbers_and_build():
    expected = backbones.load("Tiny", weights="untrained").get_weights()
    done = threading.Event()

    def disturb(work: Callable[[], object]) -> None:
        while not done.is_set():
            work()

    other_work = (lambda: backbones.outline("Tiny", input_size=32), random.random, lambda: random.seed(1))
    threads = [threading.Thread(target=disturb, args=(work,)) for work in other_work]
    for thread in threads:
        thread.start()
    try:
        for _ in range(10):
            weights = backbones.load("Tiny", weights="untrained").get_weights()
            for received, wanted in zip(weights, expected, strict=True):
                np.testing.assert_array_equal(received, wanted)
    finally:
        done.set()
        for thread in threads:
            thread.join()


def _network():
    import keras

    return keras.Sequential([keras.Input((4,)), keras.layers.Dense(5), keras.layers.Dropout(0.5)])


def _kernel() -> np.ndarray:
    return np.array(_network().weights[0])


def test_a_network_is_run_by_whoever_does_its_operations_nested_ones_too(branches):
    images, done = np.random.default_rng(0).normal(size=(2, 8, 8, 3)).astype(np.float32), []

    def do(operation, *args, **kwargs):
        done.append(operation.name)
        return operation(*args, **kwargs)

    np.testing.assert_allclose(graph.run(branches, images, do), branches(images), atol=1e-5)
    assert "conv" in done and "inner" not in done and done[-1] == "last"
