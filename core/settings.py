"""Settings from environment variables, read at call time: the home folder, the scheduler, the run store."""

import os
import tomllib
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from core.errors import ConfigError

SERVER_PATHS = ("localhost", "everyone", "nobody")
MODES = ("alone", "class")
MOST_GIGABYTES = 1e9  # more is a slip, or infinite
ASSETS = Path(__file__).parent.parent / "assets"


def home() -> Path:
    """The home folder: features, runs, datasets, weights. `BACKBONE_LAB_HOME`, by default `~/.backbone-lab`.

    Raises:
        ConfigError: It begins with a ~ that stands for nothing.
    """
    path = expanded(os.environ.get("BACKBONE_LAB_HOME") or "~/.backbone-lab")
    if str(path).startswith("~"):
        raise ConfigError(
            f"The home folder {path} is unknown: this machine does not say what {path.parts[0]} stands for",
            "a path",
            "Set BACKBONE_LAB_HOME to a folder of your own",
        )
    return path.resolve()


def expanded(path: str | Path) -> Path:
    """A path with ~ replaced, or as it is where nothing says by what, as in a container without HOME."""
    return Path(os.path.expanduser(path))  # noqa: PTH111, `Path.expanduser` raises then


def folder(name: str) -> Path:
    """A subfolder of the home folder, created on first use.

    Raises:
        ConfigError: It cannot be created, or its path cannot be part of the address of the run store.
    """
    path = home() / name
    remedy = "Set BACKBONE_LAB_HOME to a folder of your own"
    for character in "?%":  # in sqlite:///PATH, one begins the options and the other an escape
        if character in str(path):
            raise ConfigError(f"The home folder {home()} has a {character} in its path", "a path without one", remedy)
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            f"The home folder {home()} cannot be written ({error.strerror or error})", "a writable folder", remedy
        ) from error
    if not os.access(path, os.W_OK | os.X_OK):
        raise ConfigError(f"The folder {path} cannot be written (Permission denied)", "a writable folder", remedy)
    return path


def scheduler() -> str | None:
    """The address of a Dask scheduler (`BACKBONE_LAB_SCHEDULER`), or None for a local one."""
    return os.environ.get("BACKBONE_LAB_SCHEDULER") or None


def scheduler_is_open() -> bool:
    """Whether the scheduler takes work from everyone who reaches it, and other machines may."""
    scheme, _, rest = (scheduler() or "inproc://").rpartition("://")
    if scheme in ("tls", "wss", "inproc"):
        return False
    return not is_this_machine(urlsplit(f"//{rest}").hostname or "")


def is_this_machine(host: str) -> bool:
    """Whether a name or IP address can be reached from this machine alone."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def keras_home() -> Path:
    """Keras's own folder. `KERAS_HOME`, by default `~/.keras`."""
    return expanded(os.environ.get("KERAS_HOME") or "~/.keras")


def tracking_uri() -> str:
    """The MLflow store. `MLFLOW_TRACKING_URI`, by default SQLite in the home folder."""
    return os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{folder('runs') / 'mlflow.db'}"


def cache_budget() -> int:
    """The size limit of the feature cache in bytes. `BACKBONE_LAB_CACHE_GB`, by default 20."""
    return _gigabytes("BACKBONE_LAB_CACHE_GB", os.environ.get("BACKBONE_LAB_CACHE_GB") or "20")


def disk_reserve() -> int:
    """Bytes that an import leaves free on the disk. `BACKBONE_LAB_RESERVE_GB`, by default 1."""
    return _gigabytes("BACKBONE_LAB_RESERVE_GB", os.environ.get("BACKBONE_LAB_RESERVE_GB") or "1")


def table(name: str, expected: str) -> dict[str, Any]:
    """The content of a TOML file of the home folder; {} if there is none.

    Raises:
        ConfigError: It cannot be read.
    """
    path = home() / name
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} cannot be read ({error})", expected) from error


def server_paths() -> str:
    """Who may enter paths on the server in a browser. `BACKBONE_LAB_SERVER_PATHS`, by default "localhost"."""
    return one_of("BACKBONE_LAB_SERVER_PATHS", os.environ.get("BACKBONE_LAB_SERVER_PATHS"), SERVER_PATHS)


def mode() -> str:
    """Whether the server is for one person ("alone") or a "class". `BACKBONE_LAB_MODE`, by default "alone"."""
    return one_of("BACKBONE_LAB_MODE", os.environ.get("BACKBONE_LAB_MODE"), MODES)


def check() -> None:
    """Check every setting with a fixed set of values or limits.

    Raises:
        ConfigError: One of them has an invalid value.
    """
    for setting in (home, cache_budget, disk_reserve, server_paths, mode):
        setting()


def one_of(variable: str, text: str | None, values: tuple[str, ...]) -> str:
    """The value of an environment variable with a fixed set of values, the first of which is the default.

    Raises:
        ConfigError: It has an invalid value.
    """
    value = text or values[0]
    if value not in values:
        raise ConfigError(f"{variable} is {value!r}", f"one of {', '.join(values)}", "Change or unset it")
    return value


def _gigabytes(variable: str, text: str) -> int:
    try:
        gigabytes = float(text)
    except ValueError:
        gigabytes = -1.0
    if not 0 <= gigabytes < MOST_GIGABYTES:
        raise ConfigError(f"{variable} is {text!r}", "a number of gigabytes, 0 or more", "Change or unset it")
    return int(gigabytes * 1e9)
