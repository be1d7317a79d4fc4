"""What is known before a training starts: which layers would train, which learning rate suits."""

from concurrent.futures import Future
from dataclasses import replace

import pandas as pd
import streamlit as st

from core import anatomy as anatomies
from core.config import RunConfig
from core.errors import EngineError, LabError, Stopped
from core.progress import Progress
from core.training import freezing, lr_finder
from core.training.freezing import Frozen
from dashboard.server.anatomy import anatomy
from dashboard.server.engine import settled, waited

_DECIDE_FREEZING = ("backbone", "method", "input_size", "pooling", "unfreeze", "unfreeze_count", "batchnorm")


def frozen(config: RunConfig) -> Frozen | None:
    """`freezing.describe`; None while the worker reads the network, which it does once for each.

    From then on the plan is applied to its anatomy, which is on the disk: no worker has to start for it.

    Raises:
        LabError: The plan cannot be applied.
    """
    if config.pooling in ("avg", "class"):  # as an anatomy has it
        opened = anatomy(config.backbone, config.input_size)
        return opened and _plan(opened, config)
    if not settled():
        return None
    key = tuple(getattr(config, name) for name in _DECIDE_FREEZING)
    future = _describing().get(key)
    if future is None:
        future = _describing()[key] = waited().call(freezing.describe, config)
    try:
        return future.result(timeout=0.5)
    except TimeoutError:
        return None
    except LabError:
        raise
    except Exception as error:  # of the worker's, whatever it was
        _describing().pop(key, None)
        raise EngineError(f"The layers cannot be read ({type(error).__name__}: {error})", remedy="Try again") from error


def _plan(opened: anatomies.Anatomy, config: RunConfig) -> Frozen:
    if config.method == "scratch":
        return anatomies.freeze(opened, "all", batchnorm="training")
    return anatomies.freeze(opened, config.unfreeze, config.unfreeze_count, batchnorm=config.batchnorm)


def find_rate(config: RunConfig) -> None:
    """Look for a learning rate in the worker; `rate_found` has what came out."""
    _rates_found().pop(_rate_key(config), None)
    _rates()[_rate_key(config)] = waited().call_reporting(_rate_name(config), lr_finder.find, config)


def finding_rate(config: RunConfig) -> bool:
    """Whether that goes on."""
    future = _rates().get(_rate_key(config))
    return future is not None and not future.done()


def rate_progress(config: RunConfig) -> Progress | None:
    """How far it is; None before it begins."""
    return waited().progress(_rate_name(config))


def cancel_rate(config: RunConfig) -> None:
    """Let it end where it is; nothing comes of it."""
    waited().cancel(_rate_name(config))


def rate_found(config: RunConfig) -> tuple[pd.DataFrame, float | None] | LabError | None:
    """What the last search for a config like this gave, whatever its own rate is; None where there was none."""
    future = _rates().get(_rate_key(config))
    if future is None or not future.done():
        return None
    if error := future.exception():
        if isinstance(error, Stopped):
            return None
        return error if isinstance(error, LabError) else EngineError(f"{type(error).__name__}: {error}")
    key = _rate_key(config)
    if key not in _rates_found():
        _rates_found()[key] = future.result()
    return _rates_found()[key]


def _rate_key(config: RunConfig) -> RunConfig:
    return replace(config, learning_rate=1e-3, epochs=1, schedule="constant", recipe="", n_test=0)


def _rate_name(config: RunConfig) -> str:
    return f"find-rate-{hash(_rate_key(config))}"


@st.cache_resource(show_spinner=False)
def _describing() -> dict[tuple, Future]:
    return {}


@st.cache_resource(show_spinner=False)
def _rates() -> dict[RunConfig, Future]:
    return {}


@st.cache_resource(show_spinner=False)
def _rates_found() -> dict[RunConfig, tuple[pd.DataFrame, float | None]]:
    return {}
