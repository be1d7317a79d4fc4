"""Tensors from a checkpoint's file, safetensors or PyTorch's, checked against those that a model consists of."""

import os
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np

from core import storage
from core.backbones import placeholders
from core.backbones.catalog import Backbone
from core.backbones.checkpoints import parts, remedy
from core.backbones.torch_file import TorchFile
from core.errors import WeightsError


class File(Protocol):
    """A file of tensors, safetensors or PyTorch's."""

    def names(self) -> set[str]: ...
    def shape(self, name: str) -> tuple[int, ...]: ...
    def read(self, name: str) -> np.ndarray: ...
    def close(self) -> None: ...


class Part(NamedTuple):
    """A tensor of a file, or a part of it."""

    name: str
    turned: bool = False
    third: int | None = None  # 0, 1, 2: query, key, value


class Renamed:
    """Such a file under other names.

    Args:
        parts: The other names of what a tensor of the file holds.
    """

    def __init__(self, file: File, parts: Callable[[str], Mapping[str, Part]]):
        self._file = file
        self._parts = {name: part for stored in file.names() for name, part in parts(stored).items()}
        self.close = file.close

    def names(self) -> set[str]:
        return set(self._parts)

    def shape(self, name: str) -> tuple[int, ...]:
        part = self._parts[name]
        shape = self._file.shape(part.name)
        if part.third is not None:
            return (*(rows // 3 for rows in shape[:1]), *shape[1:])
        return shape[::-1] if part.turned else shape

    def read(self, name: str) -> np.ndarray:
        part = self._parts[name]
        value = self._file.read(part.name)
        if part.third is not None:
            return np.split(value, 3)[part.third]
        return value.T if part.turned else value


class _Safetensors:
    """A safetensors file, as `TorchFile` reads one of PyTorch."""

    def __init__(self, path: Path):
        import ml_dtypes  # noqa: F401, teaches NumPy the name bfloat16, which safetensors asks it for
        from safetensors import safe_open

        self._file = safe_open(path, framework="numpy")

    def close(self) -> None:
        self._file.__exit__(None, None, None)

    def names(self) -> set[str]:
        return set(self._file.keys())

    def shape(self, name: str) -> tuple[int, ...]:
        return tuple(self._file.get_slice(name).get_shape())

    def read(self, name: str) -> np.ndarray:
        return self._file.get_tensor(name)


class _Shards:
    """Several files as one."""

    def __init__(self, files: Sequence[File]):
        self._files = files
        self._file_of = {name: file for file in files for name in file.names()}

    def close(self) -> None:
        for file in self._files:
            file.close()

    def names(self) -> set[str]:
        return set(self._file_of)

    def shape(self, name: str) -> tuple[int, ...]:
        return self._file_of[name].shape(name)

    def read(self, name: str) -> np.ndarray:
        return self._file_of[name].read(name)


class Tensors:
    """A file of tensors, or the shards of an index: exactly the expected ones, read one at a time as float32.

    Args:
        wanted: Name -> shape, where `(1,)` in the file is as good as `()`.
        unused: Whether a tensor of this name may be there too.
        prefix: What names in the file may begin with besides.
        view: The file under the names that are expected.

    Raises:
        WeightsError: A file is damaged, missing, or of another model.
    """

    def __init__(
        self,
        path: Path,
        spec: Backbone,
        wanted: Mapping[str, tuple[int, ...]],
        *,
        unused: Callable[[str], bool],
        prefix: str = "",
        view: Callable[[File], File] = lambda file: file,
    ):
        self.path, self.spec = path, spec
        files = [self._open(part) for part in parts(path, spec)]
        self.file = view(files[0] if len(files) == 1 else _Shards(files))
        self._stored = {name.removeprefix(prefix): name for name in self.file.names()}
        self._check(wanted, {name for name in self._stored if not unused(name)})

    def __enter__(self) -> "Tensors":
        return self

    def __exit__(self, *error) -> None:
        self.file.close()

    def __getitem__(self, name: str) -> np.ndarray:
        try:
            return np.asarray(self.file.read(self._stored[name]), np.float32)
        except (KeyError, ValueError, zipfile.BadZipFile) as error:  # of a PyTorch file, whose values are checked here
            raise WeightsError(f"{self.path} is damaged ({error})", remedy=remedy(self.spec)) from error

    def _open(self, path: Path) -> File:
        from safetensors import SafetensorError

        try:
            storage.check_access(path, os.R_OK)  # safetensors names no file
            return TorchFile(path) if path.suffix == ".bin" else _Safetensors(path)
        except (SafetensorError, OSError, ValueError) as error:
            if hindrance := storage.hindrance(error):
                raise WeightsError(f"{path} {hindrance[0]}", "", hindrance[1]) from error
            received, what_to_do = placeholders.recognise(path) or (
                f"it is damaged or cut short ({error})",
                remedy(self.spec),
            )
            raise WeightsError(
                f"{path} ({path.stat().st_size:,} bytes) cannot be read: {received}",
                f"the tensors of {self.spec.weights_file} as safetensors, or as PyTorch 1.6 or newer writes them",
                what_to_do,
            ) from error

    def _check(self, wanted: Mapping[str, tuple[int, ...]], names: set[str]) -> None:
        problem = f"{self.path} is not {self.spec.name}: "
        if names != set(wanted):
            lacking, extra = sorted(set(wanted) - names), sorted(names - set(wanted))
            what = f"it lacks {lacking[0]}" if lacking else f"it holds {extra[0]}, which does not belong to it"
            more = len(lacking) + len(extra) - 1
            raise WeightsError(
                f"{problem}{what}" + (f" ({more} more do not fit)" if more else ""),
                f"the {len(wanted)} tensors of {self.spec.weights_file}",
                "Choose the folder of this model",
            )
        for name, shape in wanted.items():
            received = self.file.shape(self._stored[name])
            if received != shape and (received, shape) != ((1,), ()):
                raise WeightsError(f"{problem}{name} is {received}", f"{shape}", "Choose the folder of this model")
