"""Keras as this program needs it, whatever a `keras.json` left by other programs says.

Keras reads image_data_format, floatx and the backend from that file when it is imported, which may be anywhere; each of
them would change features, or stop networks from being built. `install` puts Keras's own defaults back right after
that import. The environment variable KERAS_BACKEND stays in force.

JAX keeps what it has compiled in the home folder, where the next process finds it.

Keras wraps its models for scikit-learn where that is installed. Nothing here uses the wrappers, and importing
scikit-learn for them takes a quarter of the whole import, so Keras does not find it.

The import makes 600,000 objects that stay, which `garbage.uncollected` leaves alone.
"""

import importlib.abc
import importlib.machinery
import json
import os
import sys
import threading
import traceback
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from core import garbage, settings
from core.errors import ConfigError

DEFAULTS = {"image_data_format": "channels_last", "floatx": "float32", "epsilon": 1e-7}
BACKENDS = {"tensorflow": "TensorFlow", "jax": "JAX"}
READER = str(Path("keras", "src", "backend", "config.py"))  # the module of Keras that reads keras.json
LIMITS = ("KERAS_MAX_EPOCHS", "KERAS_MAX_STEPS_PER_EPOCH")  # variables with which Keras cuts every training short
COMPILED = "compiled"  # folder of what JAX has compiled
COMPILED_BYTES = 2 * 10**9  # of it: the least recently used goes


def install() -> None:
    """Set Keras up when it is imported, or now if it has been."""
    os.environ["KERAS_BACKEND"] = os.environ.get("KERAS_BACKEND") or "tensorflow"  # before the one in keras.json
    for name in LIMITS:
        os.environ.pop(name, None)
    if "keras" in sys.modules:
        _apply(sys.modules["keras"])
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())


def backend() -> str:
    """The backend that Keras has, or will have once it is imported: `KERAS_BACKEND`, by default "tensorflow".

    Raises:
        ConfigError: It is one that this program does not run on.
    """
    return settings.one_of("KERAS_BACKEND", os.environ.get("KERAS_BACKEND"), tuple(BACKENDS))


def need_tensorflow(what: str) -> None:
    """Raise ConfigError where Keras runs on something else.

    Args:
        what: A noun with its article, such as "a SavedModel".
    """
    if (chosen := backend()) != "tensorflow":
        raise ConfigError(
            f"{what[0].upper()}{what[1:]} needs TensorFlow, and Keras runs on {BACKENDS[chosen]} here",
            remedy="Start again with KERAS_BACKEND=tensorflow",
        )


def file() -> Path:
    """Where Keras looks for keras.json."""
    return settings.keras_home() / "keras.json"


def ignored() -> dict[str, Any]:
    """The settings of keras.json that have no effect here, by name."""
    try:
        stored = json.loads(file().read_text(encoding="utf-8"))
        expected = DEFAULTS | {"backend": backend()}
        return {name: stored[name] for name in expected if stored.get(name, expected[name]) != expected[name]}
    except (OSError, ValueError, AttributeError, RecursionError):  # missing, or no JSON object
        return {}


class _Finder(importlib.abc.MetaPathFinder):
    """Finds Keras as all other finders do, adds a step to its import, and hides scikit-learn from it."""

    def __init__(self):
        self.importing: int | None = None  # the thread that is importing Keras

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname == "sklearn" and self.importing == threading.get_ident():
            raise ModuleNotFoundError("Keras is imported without its wrappers for scikit-learn", name=fullname)
        if fullname != "keras":
            return None
        others = (finder for finder in sys.meta_path if finder is not self)
        spec = next((other for finder in others if (other := finder.find_spec(fullname, path, target))), None)
        if spec is not None and spec.loader is not None:
            spec.loader = _Loader(spec.loader, self)
        return spec


class _Loader(importlib.abc.Loader):
    def __init__(self, loader: importlib.abc.Loader, finder: _Finder):
        self.loader, self.finder = loader, finder

    def __getattr__(self, name: str) -> Any:
        return getattr(self.loader, name)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType | None:
        return self.loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        if (chosen := backend()) == "jax":
            _set_up_jax()
        self.finder.importing = threading.get_ident()
        try:
            with garbage.uncollected():
                self.loader.exec_module(module)
        except Exception as error:  # of any kind: Keras expects certain types in its file
            if chosen == "jax" and isinstance(error, ImportError):
                raise ConfigError(
                    f"Keras cannot start with KERAS_BACKEND=jax ({error})",
                    remedy="`pip install -r requirements-gpu-jax.txt -c constraints.txt`, or unset it",
                ) from error
            if any(frame.filename.endswith(READER) for frame in traceback.extract_tb(error.__traceback__)):
                raise ConfigError(
                    f"Keras cannot start with the settings in {file()} ({error})",
                    "a JSON object with values that Keras knows",
                    "Correct or delete it",
                ) from error
            raise
        finally:
            self.finder.importing = None
        _apply(module)


def _set_up_jax() -> None:
    """Set what JAX reads when it is imported, unless somebody has set it."""
    for name, value in {
        "JAX_COMPILATION_CACHE_DIR": str(settings.folder(COMPILED)),
        "JAX_COMPILATION_CACHE_MAX_SIZE": str(COMPILED_BYTES),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",  # a network is built by many small functions
        "XLA_PYTHON_CLIENT_PREALLOCATE": "false",  # a command in a terminal needs memory beside the dashboard's worker
    }.items():
        os.environ.setdefault(name, value)


def _apply(keras: ModuleType) -> None:
    for name, value in DEFAULTS.items():
        getattr(keras.config, f"set_{name}")(value)
