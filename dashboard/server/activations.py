"""What networks see in photos, asked of the worker once."""

from concurrent.futures import Future

import numpy as np
import streamlit as st

from core.errors import EngineError, LabError
from core.explain import activations
from core.explain.activations import Seen
from dashboard.server.engine import engine, settled, waited

KEPT = 24  # photos and sizes; one is about half a megabyte; the oldest goes first
AT_ONCE = 0.4  # seconds that an answer is waited for before the page is drawn without it


def seen(backbone: str, photo: np.ndarray, digest: str, input_size: int) -> Seen | None:
    """`activations.see`; None while the worker is at it.

    Args:
        digest: Tells the photo apart.

    Raises:
        LabError: There is no such network, it takes no such size, or the worker died over it.
    """
    if not settled():
        return None
    engine()  # says why it could not start
    asked, question = _asked(), (backbone, digest, input_size, weights_here(backbone))
    if question not in asked:
        while len(asked) >= KEPT:
            asked.pop(next(iter(asked)), None)
        asked[question] = waited().call(activations.see, backbone, photo, input_size)
    try:
        return asked[question].result(timeout=AT_ONCE)
    except TimeoutError:
        return None
    except Exception as error:  # of the worker's, whatever it was
        asked.pop(question, None)
        if isinstance(error, LabError):
            raise
        raise EngineError(f"No answer ({type(error).__name__}: {error})", remedy="Try again") from error


def seeing(backbone: str, digest: str, input_size: int) -> bool:
    """Whether the worker is still at it, or has not started."""
    future = _asked().get((backbone, digest, input_size, weights_here(backbone)))
    return not settled() or (future is not None and not future.done())


@st.cache_data(ttl=5, show_spinner=False)
def weights_here(backbone: str) -> str:
    """`activations.weights_here`: which weights it would look with."""
    return activations.weights_here(backbone)


@st.cache_resource(show_spinner=False)
def _asked() -> dict[tuple[str, str, int, str], Future]:
    return {}
