"""The graph of a Keras network: how its layers are connected; and networks with seeded values, or with none.

The only module that uses private parts of Keras: the nodes of a network, the origin of a tensor, the variables not yet
initialised, and the sources of seeds and of random values. `tests/core/backbones/test_graph.py` fails if Keras changes
them.
"""

import math
import random
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import keras


class _Seeds(threading.local):
    """Stands in for the module `random` where Keras draws seeds: each thread may have a generator of its own."""

    generator: Any = random

    def randint(self, least: int, most: int) -> int:
        return self.generator.randint(least, most)


class _Draws(threading.local):
    """Stands in for Keras's `random` where it draws the first values of weights: in each thread they may be nan."""

    left_out = False

    def __getattr__(self, name: str) -> Any:
        from keras.src.backend import random

        kinds = ("normal", "truncated_normal", "uniform")
        return _nothing if self.left_out and name in kinds else getattr(random, name)


_SEEDS, _DRAWS = _Seeds(), _Draws()


class Use(NamedTuple):
    """One call of a layer, or of a bare operation such as `+`, in a network."""

    operation: Any  # keras.Layer or keras.Operation
    inputs: tuple[Any, ...]  # keras.KerasTensor; () for an input layer
    outputs: tuple[Any, ...]


def uses(network: "keras.Model") -> list[Use]:
    """Every call in a network, in forward order."""
    whole: Any = getattr(network, "_functional", network)  # a Sequential has a network inside
    nodes = [node for depth in sorted(whole._nodes_by_depth, reverse=True) for node in whole._nodes_by_depth[depth]]
    return [Use(node.operation, tuple(node.input_tensors), tuple(node.outputs)) for node in nodes]


def run(network: "keras.Model", x: Any, do: Callable[..., Any]) -> Any:
    """The output of a network for x, each operation done by `do(operation, *args, **kwargs)`, also inside networks.

    Unlike the network's own call, this converts no input: a gradient with respect to it exists.
    """
    from keras import Model

    def step(operation: Any) -> Callable[..., Any]:
        if isinstance(operation, Model):
            return lambda inner, **_: run(operation, inner, do)
        return partial(do, operation)

    whole: Any = getattr(network, "_functional", network)
    return whole._run_through_graph([x], operation_fn=step)


def sources(operation: Any) -> list[Any]:
    """The layers and operations whose outputs are the inputs of an operation's last call, each once.

    The first call of a nested network is its own construction, with its inputs.
    """
    tensors = operation._inbound_nodes[-1].input_tensors
    return list(dict.fromkeys(tensor._keras_history.operation for tensor in tensors))


def leaves(operation: Any) -> list[Any]:
    """The operation itself or, for a network, its layers at any level."""
    from keras import Model

    if not isinstance(operation, Model):
        return [operation]
    return [leaf for layer in operation.layers for leaf in leaves(layer)]


def weight_layers(network: "keras.Model") -> list[Any]:
    """The layers that hold weights, at any level; their number is the depth of a backbone."""
    return [layer for layer in leaves(network) if layer.weights]


def snake_case(name: str) -> str:
    """How Keras names layers after their class: BatchNormalization -> batch_normalization, Conv2D -> conv2d."""
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()


@contextmanager
def forgetting(network: "keras.Model") -> Iterator[None]:
    """Inside, layers of a network do not record their use in other models built from them."""
    recorded = [
        (nodes, len(nodes))
        for operation in network.operations
        for nodes in (operation._inbound_nodes, operation._outbound_nodes)
    ]
    yield
    for nodes, count in recorded:
        del nodes[count:]


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Layers that this thread makes inside have the values that `keras.utils.set_random_seed(seed)` would give them.

    Layers without a seed draw one from Python's global generator. Other threads draw from it too, as Dask does to
    estimate sizes: setting it would not give the same values every time, and would disturb those threads.
    """
    from keras.src.random import seed_generator

    seed_generator.python_random = _SEEDS
    previous = _SEEDS.generator
    _SEEDS.generator = random.Random(seed)
    try:
        yield
    finally:
        _SEEDS.generator = previous


@contextmanager
def filled_later() -> Iterator[None]:
    """Weights that this thread makes inside are nan where Keras draws values: a file replaces them.

    Drawing takes up to half of the time of building a network, and JAX compiles a function for each shape.
    """
    from keras.src.initializers import random_initializers

    random_initializers.random = _DRAWS
    previous, _DRAWS.left_out = _DRAWS.left_out, True
    try:
        yield
    finally:
        _DRAWS.left_out = previous


def unfilled(network: "keras.Model") -> list[str]:
    """The paths of variables that have been `filled_later` by nothing, by the first value of each."""
    return [
        variable.path
        for variable in network.variables
        if math.prod(variable.shape) and np.isnan(np.asarray(variable.value).flat[0])
    ]


def _nothing(shape: tuple[int, ...], *_: Any, **__: Any) -> Any:
    from keras import ops

    return ops.convert_to_tensor(np.full(shape, np.nan, np.float32), "float32")  # without a type, JAX compiles


@contextmanager
def without_values() -> Iterator[None]:
    """Networks built inside have shapes but no values: they take no memory and are quick to build."""
    import keras
    from keras.src.backend.common import global_state  # of this thread

    postponed = global_state.get_global_attribute("uninitialized_variables") or []
    global_state.set_global_attribute("uninitialized_variables", [])
    try:
        with keras.StatelessScope(initialize_variables=False):  # Keras defers variable initialisation in it
            yield
    finally:  # else the next such scope of this thread would initialise them
        global_state.set_global_attribute("uninitialized_variables", postponed)
