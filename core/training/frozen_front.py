"""The frozen front of a network: its output, constant throughout training, is computed once; the rest trains on it.

    images -> front: frozen layers -> activations at the cut -> back: from the first trainable layer -> features

Both parts share their layers with the network. The cut is one tensor, or several within branches.
"""

import inspect
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np

from core import settings
from core.backbones import graph

SHARE_OF_MEMORY = 0.25  # of the free memory; larger activations are kept on disk
SHARE_OF_DISK = 0.5


def split(network: Any, *, inference: bool) -> tuple[Any, Any] | None:
    """The front and the back of a network (`keras.Model`, flat, one input); None if no layer with weights is frozen.

    Args:
        inference: Whether the network runs in inference mode during training. Otherwise layers that behave
            differently in training mode (dropout, trainable BatchNorm) belong to the back.
    """
    import keras

    producers: dict[int, int] = {}  # id of a tensor -> id of the operation that produced it
    back, cut, front_weights = set(), {}, False
    for operation, inputs, outputs in graph.uses(network):
        varies = not _constant(operation, inference) or any(producers[id(tensor)] in back for tensor in inputs)
        if varies:
            back.add(id(operation))
            cut |= {id(tensor): tensor for tensor in inputs if producers[id(tensor)] not in back}
        front_weights = front_weights or (not varies and bool(getattr(operation, "weights", ())))
        producers |= dict.fromkeys(map(id, outputs), id(operation))
    if not front_weights or any(tensor is network.inputs[0] for tensor in cut.values()):
        return None
    tensors = list(cut.values()) or list(network.outputs)
    tensors = tensors if len(tensors) > 1 else tensors[0]
    with graph.forgetting(network):
        front = keras.Model(network.inputs[0], tensors, name="front")
        return front, keras.Model(tensors, network.outputs[0], name="back") if cut else None


def bytes_per_image(front: Any) -> int:
    """The size of one image's activations at the cut, as float32."""
    return sum(4 * int(np.prod(tensor.shape[1:])) for tensor in front.outputs)


def room(folder: Path, needed: int, budget: int | None = None) -> str:
    """Where this many bytes of activations fit: "memory", "disk" or "" (nowhere).

    Args:
        budget: The most bytes they may take; None: what this machine can spare.
    """
    import psutil

    if budget is not None and needed > budget:
        return ""
    if needed <= SHARE_OF_MEMORY * psutil.virtual_memory().available:
        return "memory"
    folder.mkdir(parents=True, exist_ok=True)
    fits = needed <= min(SHARE_OF_DISK * shutil.disk_usage(folder).free, settings.cache_budget())
    return "disk" if fits else ""


def empty(folder: Path, name: str, front: Any, count: int, where: str) -> tuple[np.ndarray, ...]:
    """Arrays (count, ...) float32 to fill, one for each tensor of the cut; on disk, as files in the folder."""
    shapes = [(count, *tensor.shape[1:]) for tensor in front.outputs]
    if where == "memory":
        return tuple(np.empty(shape, np.float32) for shape in shapes)
    return tuple(_on_disk(folder / f"prefix-{name}-{index}.npy", shape) for index, shape in enumerate(shapes))


def remove(folder: Path) -> None:
    """Delete the files that `empty` created."""
    for path in folder.glob("prefix-*.npy"):
        path.unlink(missing_ok=True)


def _on_disk(path: Path, shape: tuple[int, ...]) -> np.ndarray:
    """An array in a file whose space is taken at once: a disk that is full is an error here, and a signal later."""
    array = np.lib.format.open_memmap(path, "w+", np.float32, shape)
    if hasattr(os, "posix_fallocate"):  # not on macOS
        with path.open("r+b") as file:
            os.posix_fallocate(file.fileno(), 0, path.stat().st_size)
    return array


def _constant(operation: Any, inference: bool) -> bool:
    """Whether a layer or bare operation has the same output for the same image throughout training."""
    import keras

    if isinstance(operation, keras.Model):
        return all(_constant(layer, inference) for layer in operation.layers)
    if not isinstance(operation, keras.Layer):
        return True
    if operation.trainable_weights:
        return False
    frozen = isinstance(operation, keras.layers.BatchNormalization) and not operation.trainable
    return inference or frozen or "training" not in inspect.signature(operation.call).parameters
