"""Reads a Keras weights file into a network; errors name the first layer that does not fit.

Keras reads these files too, but only with the exact layer count, and its errors name neither file nor layer. There are
two formats: legacy `.h5`, where layers are listed in order, and Keras 3's `.weights.h5`, where each has a path. The
file is only opened for reading.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from core.backbones.graph import snake_case
from core.errors import WeightsError

_TOP_LAYERS = 3  # layers with weights in the largest classifier, VGG's


def read(path: Path, model, name: str) -> None:
    """Assign the weights in `path` to `model`, a Keras network without classifier; a classifier in the file is skipped.

    Args:
        name: The network's name, for errors.

    Raises:
        WeightsError: The file is missing, not a weights file, damaged, or of another network (names the first layer
            that does not fit). The model may be partly assigned: discard it.
    """
    import h5py

    if not path.is_file():
        raise WeightsError(f"There is no weights file {path}", f"Keras weights of {name}", "Check the path")
    try:
        with h5py.File(path, "r") as file:
            for layer, variables, saved_name, arrays in _pairs(file, model, path, name):
                _assign(layer, variables, saved_name, arrays, path, name)
    except (OSError, RuntimeError, KeyError, TypeError, ValueError) as error:
        raise WeightsError(
            f"{path} ({path.stat().st_size:,} bytes) cannot be read as weights of {name}: it is damaged, cut short or "
            f"not an HDF5 file ({' '.join(str(error).split())})",
            "a Keras .h5 or .weights.h5 file",
            "Download or copy the file again",
        ) from error


def _pairs(file, model, path: Path, name: str) -> Iterator[tuple]:
    """(layer, its variables, its name in the file, its saved arrays) for every layer of `model` with weights."""
    if "layers" in file:
        return _by_path(file["layers"], model)
    group = file.get("model_weights", file)  # a whole model saved as .h5
    if "layer_names" not in group.attrs and "layer_names0" not in group.attrs:
        raise WeightsError(
            f"{path} holds no Keras layers", f"Keras weights of {name}, .h5 or .weights.h5", "Choose another file"
        )
    return _in_order(group, model, path, name)


def _by_path(group, model) -> Iterator[tuple]:
    """Keras 3: the third Conv2D is `conv2d_2`, nested networks are nested, variables are `vars/0`, `vars/1`, ..."""
    from keras import Model

    seen: Counter[str] = Counter()
    for layer in model.layers:
        kind = snake_case(type(layer).__name__)
        saved_name = f"{kind}_{seen[kind]}" if seen[kind] else kind
        seen[kind] += 1
        saved = group.get(saved_name, {})
        if isinstance(layer, Model):
            yield from _by_path(saved.get("layers", {}), layer)
        elif layer.weights:
            arrays = saved.get("vars", {})
            yield layer, layer.weights, saved_name, [arrays[str(index)] for index in range(len(arrays))]


def _in_order(group, model, path: Path, name: str) -> Iterator[tuple]:
    """Legacy: the k-th layer with weights in the file is the k-th of the model, trainable variables first."""
    layers = [layer for layer in model.layers if layer.weights]
    saved = [(layer, arrays) for layer in _names(group, "layer_names") if (arrays := _arrays(group[layer]))]
    for index, layer in enumerate(layers):
        saved_name, arrays = saved[index] if index < len(saved) else ("nothing", [])
        yield layer, layer.trainable_weights + layer.non_trainable_weights, saved_name, arrays
    if len(saved) > len(layers) + _TOP_LAYERS:
        raise WeightsError(
            f"{path} does not fit {name}: its {len(saved)} layers with weights continue at {saved[len(layers)][0]}",
            f"{len(layers)} layers and perhaps a classifier",
            "Choose the file of this network",
        )


def _assign(layer, variables: list, saved_name: str, arrays: list, path: Path, name: str) -> None:
    received, expected = [tuple(array.shape) for array in arrays], [tuple(variable.shape) for variable in variables]
    if received != expected:
        raise WeightsError(
            f"{path} does not fit {name}: its layer {saved_name} has shapes {_shapes(received)}",
            f"{_shapes(expected)} for the layer {layer.name}",
            "Choose the file of this network",
        )
    for variable, array in zip(variables, arrays, strict=True):
        variable.assign(array[()])
    if hasattr(layer, "finalize_state"):  # Normalization keeps derived copies of its variables
        layer.finalize_state()


def _shapes(shapes: list[tuple]) -> str:
    return ", ".join("x".join(map(str, shape)) or "scalar" for shape in shapes) or "none"


def _arrays(group) -> list:
    return [group[name] for name in _names(group, "weight_names")]


def _names(group, attribute: str) -> list[str]:
    """A list of names; HDF5 allows 64 KB per attribute, so Keras splits long lists: names0, names1, ..."""
    if attribute in group.attrs:
        pieces = [group.attrs[attribute]]
    else:
        pieces = []
        while f"{attribute}{len(pieces)}" in group.attrs:
            pieces.append(group.attrs[f"{attribute}{len(pieces)}"])
    return [name.decode() if isinstance(name, bytes) else str(name) for piece in pieces for name in piece]
