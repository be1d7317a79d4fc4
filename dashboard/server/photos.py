"""Photos that somebody brought, and what models say of them."""

from concurrent.futures import Future

import numpy as np
import streamlit as st

from core.data import images
from core.errors import EngineError, LabError
from core.explain import imagenet, predict
from core.explain.predict import Answer
from dashboard.server.engine import engine, waited

KEPT_ANSWERS = 256  # the oldest goes first
ENOUGH = 1024  # pixels of the shorter side; no network sees more


@st.cache_data(max_entries=16, show_spinner=False)
def picture(file: bytes, name: str = "the photo") -> np.ndarray:
    """A photo (h, w, 3) uint8 from a file's bytes.

    Raises:
        DatasetError: It is no image, or an unsafe one.
    """
    return images.decode(file, name=name, enough=ENOUGH)


@st.cache_data(ttl=5, show_spinner=False)
def classifiers_here() -> list[str]:
    """`imagenet.here`: the published networks that can name what is on a photo."""
    return imagenet.here()


def answer(model: str, photo: np.ndarray, digest: str) -> Answer | None:
    """`predict.answer`; None while a worker is at it.

    Args:
        digest: Tells the photo apart.

    Raises:
        LabError: The model cannot answer, or the worker died over it; asked again, another tries.
    """
    if engine() is None:
        return None
    asked, question = _answers(), (model, digest)
    if question not in asked:
        while len(asked) >= KEPT_ANSWERS:
            asked.pop(next(iter(asked)), None)
        asked[question] = waited().call(predict.answer, model, photo)
    future = asked[question]
    if not future.done():
        return None
    try:
        return future.result()
    except LabError:
        asked.pop(question, None)  # what was missing may be there the next time
        raise
    except Exception as error:  # of the worker's, whatever it was
        asked.pop(question, None)
        raise EngineError(f"No answer ({type(error).__name__}: {error})", remedy="Try again") from error


def answering(model: str, digest: str) -> bool:
    """Whether a worker is at it; `answer` then has none."""
    future = _answers().get((model, digest))
    return future is not None and not future.done()


@st.cache_resource(show_spinner=False)
def _answers() -> dict[tuple[str, str], Future]:
    return {}
