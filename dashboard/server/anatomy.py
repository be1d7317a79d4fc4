"""What architectures are made of: from disk where they were opened before, else from the worker."""

from concurrent.futures import Future

import streamlit as st

from core import anatomy as anatomies
from core.anatomy import Anatomy
from core.data import datasets
from core.errors import EngineError, LabError
from dashboard.server.datasets import dataset as dataset_of
from dashboard.server.engine import settled, waited

PATIENCE = 0.2  # seconds a page waits for the worker before it draws a placeholder


def anatomy(backbone: str, input_size: int) -> Anatomy | None:
    """`anatomy.describe`; None while the worker reads the network.

    Raises:
        LabError: There is no such backbone, it takes no such images, or the worker failed.
    """
    key = backbone, input_size
    if key in _opened():
        return _opened()[key]
    found = anatomies.find(backbone, input_size) or _read(backbone, input_size)
    if found:
        _opened()[key] = found
    return found


def opening(backbone: str, input_size: int) -> bool:
    """Whether the worker still reads it, or has not started; what came of it, `anatomy` tells."""
    future = _reading().get((backbone, input_size))
    return not settled() or (future is not None and not future.done())


@st.cache_data(ttl=60, show_spinner=False)
def training_images(dataset: str) -> int:
    """How many images a dataset has for training."""
    return len(datasets.splits(dataset_of(dataset))["train"])


def _read(backbone: str, input_size: int) -> Anatomy | None:
    if not settled():
        return None
    key = backbone, input_size
    future = _reading().get(key)
    if future is None:
        future = _reading()[key] = waited().call(anatomies.describe, backbone, input_size)
    try:
        found = future.result(timeout=PATIENCE)
    except TimeoutError:
        return None
    except Exception as error:  # of the worker's, whatever it was
        _reading().pop(key, None)
        if isinstance(error, LabError):
            raise
        raise EngineError(
            f"{backbone} cannot be opened ({type(error).__name__}: {error})", remedy="Try again"
        ) from error
    _reading().pop(key, None)
    return found


@st.cache_resource(show_spinner=False)
def _opened() -> dict[tuple[str, int], Anatomy]:
    return {}


@st.cache_resource(show_spinner=False)
def _reading() -> dict[tuple[str, int], Future]:
    return {}
