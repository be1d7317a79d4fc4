"""Reads a Keras weights file into a network; errors name the first layer that does not fit.

Keras reads these files too, but only with the exact layer count, and its errors name neither file nor layer. There are
two formats: legacy `.h5`, where layers are listed in order, and Keras 3's `.weights.h5`, where each has a path; a
`.keras` file is a zip with one of the latter. The network may be a part of a whole model in the file: nested in it, or
followed by a classifier. The file is only opened for reading.
"""

import io
import os
import zipfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from core import storage
from core.backbones import placeholders
from core.backbones.graph import snake_case
from core.errors import WeightsError

_SHOWN = 4  # shapes of a layer in an error


def read(path: Path, model, name: str) -> None:
    """Assign the weights in `path` to `model`, a Keras network without classifier; a classifier in the file is skipped.

    Args:
        name: The network's name, for errors.

    Raises:
        WeightsError: The file is missing, not a weights file, damaged, or of another network (names the first layer
            that does not fit). The model may be partly assigned: discard it.
    """
    if not storage.is_file(path):
        raise WeightsError(f"There is no weights file {path} for {name}")
    try:
        storage.check_access(path, os.R_OK)  # HDF5 names no file
        with _opened(path) as file:
            for layer, variables, saved_name, arrays in _pairs(file, model, path, name):
                _assign(layer, variables, saved_name, arrays, path, name)
    except (OSError, RuntimeError, KeyError, TypeError, ValueError, zipfile.BadZipFile) as error:
        if hindrance := storage.hindrance(error):
            raise WeightsError(f"{path} {hindrance[0]}", "", hindrance[1]) from error
        received, remedy = placeholders.recognise(path) or (
            f"it is damaged, cut short or not an HDF5 file ({' '.join(str(error).split())})",
            "Choose such a file, or download this one again",
        )
        raise WeightsError(
            f"{path} ({path.stat().st_size:,} bytes) cannot be read as weights of {name}: {received}",
            "a Keras .h5, .weights.h5 or .keras file",
            remedy,
        ) from error


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    """The HDF5 file; of a `.keras` file, the weights in it."""
    import h5py

    if not zipfile.is_zipfile(path):
        with h5py.File(path, "r") as file:
            yield file
        return
    with zipfile.ZipFile(path) as whole, h5py.File(io.BytesIO(whole.read("model.weights.h5")), "r") as file:
        yield file


def _pairs(file, model, path: Path, name: str) -> Iterator[tuple]:
    """(layer, its variables, its name in the file, its saved arrays) for every layer of `model` with weights."""
    if "layers" in file:
        networks = _networks(file["layers"])
        return _by_path(next((group for group in networks if _fits(group, model)), networks[-1]), model)
    group = file.get("model_weights", file)  # a whole model saved as .h5
    if "layer_names" not in group.attrs and "layer_names0" not in group.attrs:
        raise WeightsError(
            f"{path} holds no Keras layers", f"Keras weights of {name}, .h5 or .weights.h5", "Choose another file"
        )
    return _in_order(group, model, path, name)


def _networks(layers) -> list:
    """The layers of a saved model, and those of each network nested in it, at any level."""
    nested = [layers[name]["layers"] for name in layers if "layers" in layers[name]]
    return [layers, *(inner for each in nested for inner in _networks(each))]


def _fits(group, model) -> bool:
    return all(_of(arrays) == _of(variables) for _, variables, _, arrays in _by_path(group, model))


def _of(arrays: list) -> list[tuple]:
    return [tuple(array.shape) for array in arrays]


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
    largest, arrays = max(saved, key=lambda pair: len(pair[1]), default=("", []))
    nested = _nested(group[largest]) if largest else []
    if len(nested) > 1 and len(arrays) > max(len(layer.weights) for layer in layers):  # the network itself as a layer
        saved = nested
        here = {layer.name for layer in layers}
        if {layer for layer, _ in saved} >= here:  # layers whose weights are all frozen are listed last
            place = {layer.name: index for index, layer in enumerate(layers)}
            saved = sorted((pair for pair in saved if pair[0] in here), key=lambda pair: place[pair[0]])
    for index, layer in enumerate(layers):
        saved_name, arrays = saved[index] if index < len(saved) else ("nothing", [])
        yield layer, layer.trainable_weights + layer.non_trainable_weights, saved_name, arrays
    rest = saved[len(layers) :]
    kernels = [array.shape for _, arrays in rest for array in arrays if len(array.shape) > 2]
    if any(max(shape[:2]) > 1 for shape in kernels):  # a classifier has none, except of 1 x 1 (MobileNet)
        raise WeightsError(
            f"{path} does not fit {name}: its {len(saved)} layers with weights continue at {rest[0][0]}",
            f"{len(layers)} layers and perhaps a classifier",
            "Choose the file of this network",
        )


def _assign(layer, variables: list, saved_name: str, arrays: list, path: Path, name: str) -> None:
    received, expected = _of(arrays), _of(variables)
    if received != expected:
        problem = (
            f"its layer {saved_name} has shapes {_shapes(received)}" if received else f"it has no layer {saved_name}"
        )
        raise WeightsError(
            f"{path} does not fit {name}: {problem}",
            f"{_shapes(expected)} for the layer {layer.name}",
            "Choose the file of this network",
        )
    for variable, array in zip(variables, arrays, strict=True):
        variable.assign(_numbers(array))
    if hasattr(layer, "finalize_state"):  # Normalization keeps derived copies of its variables
        layer.finalize_state()


def _numbers(saved: Any) -> np.ndarray:
    """The numbers of an HDF5 dataset. HDF5 has no bfloat16: Keras stores it as two bytes without meaning, with its name
    in an attribute, or in legacy files without a name.
    """
    values = np.asarray(saved[()])
    if values.dtype != np.dtype("V2"):
        return values
    return (values.view(np.uint16).astype(np.uint32) << 16).view(np.float32)  # bfloat16 is the upper half of a float32


def _shapes(shapes: list[tuple]) -> str:
    shown = ", ".join("x".join(map(str, shape)) or "scalar" for shape in shapes[:_SHOWN])
    return shown + (f" and {len(shapes) - _SHOWN} more" if len(shapes) > _SHOWN else "")


def _nested(group) -> list[tuple[str, list]]:
    """The layers of a network that is saved as one layer: (name, its arrays), which are listed trainable ones first."""
    layers: dict[str, list] = {}
    for name in _names(group, "weight_names"):
        layers.setdefault(name.rsplit("/", 2)[-2], []).append(group[name])
    return list(layers.items())


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
