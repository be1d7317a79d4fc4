"""The graph of a Keras network: how its layers are connected; and networks with shapes but no values.

The only module that uses private attributes of Keras: the nodes of a network, the origin of a tensor, and the list of
variables not yet initialised. `tests/core/backbones/test_graph.py` fails if Keras changes them.
"""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import keras

BUILDING = threading.RLock()
"""Held while a network is built, even one without values: layers draw their seeds from Python's global generator, so a
network built at the same time by another thread would change the values of untrained weights."""


class Use(NamedTuple):
    """One call of a layer, or of a bare operation such as `+`, in a network."""

    operation: Any  # keras.Layer or keras.Operation
    inputs: tuple[Any, ...]  # keras.KerasTensor; () for an input layer
    outputs: tuple[Any, ...]


def uses(network: "keras.Model") -> list[Use]:
    """Every call in a network, in forward order."""
    functional: Any = getattr(network, "_functional", network)
    by_depth = functional._nodes_by_depth  # a Sequential has a network inside
    nodes = [node for depth in sorted(by_depth, reverse=True) for node in by_depth[depth]]
    return [Use(node.operation, tuple(node.input_tensors), tuple(node.outputs)) for node in nodes]


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
def without_values() -> Iterator[None]:
    """Networks built inside have shapes but no values: they take no memory and are quick to build."""
    import keras
    from keras.src.backend.common import global_state  # of this thread

    with BUILDING:
        postponed = global_state.get_global_attribute("uninitialized_variables") or []
        global_state.set_global_attribute("uninitialized_variables", [])
        try:
            with keras.StatelessScope(initialize_variables=False):  # Keras defers variable initialisation in it
                yield
        finally:  # else the next such scope of this thread would initialise them
            global_state.set_global_attribute("uninitialized_variables", postponed)
