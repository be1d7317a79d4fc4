"""Reads tensors from a PyTorch file, such as `pytorch_model.bin`, without PyTorch and without running code in it.

The file is a zip with `data.pkl`, which names the tensors, and their values in `data/0`, `data/1`, ... A pickle may
call any function; this reader knows only the few names that a dictionary of tensors consists of, and refuses others.
"""

import math
import pickle
import zipfile
from collections import OrderedDict
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

_STORAGES = {  # PyTorch's name -> how NumPy reads it
    "FloatStorage": "<f4",
    "DoubleStorage": "<f8",
    "HalfStorage": "<f2",
    "BFloat16Storage": "<u2",  # the upper half of a float32
    "LongStorage": "<i8",
    "IntStorage": "<i4",
}


class _Tensor(NamedTuple):
    kind: str  # of the storage
    key: str  # name of its file in the zip
    offset: int  # in values
    shape: tuple[int, ...]
    stride: tuple[int, ...]  # in values


class TorchFile:
    """The tensors of a file by name, read one at a time.

    Raises:
        ValueError: It is not such a file, is damaged, or holds something else than tensors.
    """

    def __init__(self, path: Path):
        try:
            self._zip = zipfile.ZipFile(path)
            (name,) = [name for name in self._zip.namelist() if name.endswith("/data.pkl")]
            self._folder = name.removesuffix("data.pkl")
            with self._zip.open(name) as file:
                content = _Names(file).load()
        except (zipfile.BadZipFile, pickle.UnpicklingError, EOFError, TypeError, KeyError, IndexError) as error:
            raise ValueError(str(error) or type(error).__name__) from error
        if not isinstance(content, dict) or not all(isinstance(tensor, _Tensor) for tensor in content.values()):
            raise ValueError("it is no dictionary of tensors")
        self._tensors: dict[str, _Tensor] = content

    def close(self) -> None:
        self._zip.close()

    def names(self) -> set[str]:
        return set(self._tensors)

    def shape(self, name: str) -> tuple[int, ...]:
        return self._tensors[name].shape

    def read(self, name: str) -> np.ndarray:
        """The values of a tensor, floats as float32 or wider."""
        tensor = self._tensors[name]
        values = np.frombuffer(self._zip.read(f"{self._folder}data/{tensor.key}"), _STORAGES[tensor.kind])
        last = tensor.offset + sum((n - 1) * step for n, step in zip(tensor.shape, tensor.stride, strict=True))
        if math.prod(tensor.shape) and not 0 <= tensor.offset <= last < len(values):
            raise ValueError(f"{name} lies outside its file")
        if tensor.kind == "BFloat16Storage":
            values = (values.astype(np.uint32) << 16).view(np.float32)
        strides = [step * values.itemsize for step in tensor.stride]
        return np.lib.stride_tricks.as_strided(values[tensor.offset :], tensor.shape, strides).copy()


class _Names(pickle.Unpickler):
    """Finds only what a dictionary of tensors consists of."""

    def find_class(self, module_name: str, global_name: str, /) -> Any:
        if (module_name, global_name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module_name, global_name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _rebuilt
        if module_name == "torch" and global_name in _STORAGES:
            return global_name
        raise pickle.UnpicklingError(f"it names {module_name}.{global_name}, which is no part of a tensor")

    def persistent_load(self, pid: Any) -> Any:
        _, kind, key, *_ = pid  # "storage", its kind, its file, the device, its length
        if kind not in _STORAGES or not isinstance(key, str):
            raise pickle.UnpicklingError(f"it has values of the unknown kind {kind}")
        return kind, key


def _rebuilt(storage: tuple[str, str], offset: int, shape: tuple, stride: tuple, *_: Any) -> _Tensor:
    if len(shape) != len(stride) or any(step < 0 for step in stride) or any(n < 0 for n in shape):
        raise pickle.UnpicklingError("a tensor has a shape that does not fit its values")
    return _Tensor(*storage, offset, tuple(shape), tuple(stride))
