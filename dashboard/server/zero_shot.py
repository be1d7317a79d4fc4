"""What a CLIP says when it is asked in words: questions to the worker, their answers kept."""

from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import CancelledError, Future, TimeoutError
from typing import Any

import numpy as np
import streamlit as st

from core.errors import EngineError, LabError
from core.progress import Progress
from core.zero_shot import encoder, queries
from core.zero_shot.queries import Compared, Matches, Scored
from dashboard.server.engine import engine, waited

KEPT = 64  # answers; the oldest goes first
PATIENCE = 0.6  # seconds in which a warm worker answers; a page that waited longer shows what it has


@st.cache_data(ttl=5, show_spinner=False)
def clips_here() -> list[str]:
    """`encoder.here`: the models whose weights are on this machine."""
    return encoder.here()


def scored(model: str, dataset: str, names: Sequence[str], templates: Sequence[str]) -> Scored | None:
    """`queries.score` of the validation images; None while a worker is at it.

    Raises:
        LabError: It cannot be answered; asked again, it is tried again.
    """
    return _answer(queries.score, model, dataset, "val", tuple(names), tuple(templates))


def prompts_prepared(model: str, dataset: str) -> bool:
    """Whether the image features of validation are there; begun where they are not.

    Raises:
        LabError: The weights or the dataset are not here.
    """
    key = (model, dataset)
    if key not in _preparing():
        if engine() is None:
            return False
        _preparing()[key] = waited().call_reporting(_name(*key), queries.prepare, model, dataset, "val")
    future = _preparing()[key]
    if not future.done():
        return False
    _result(future, lambda: _preparing().pop(key, None))
    return True


def preparing_prompts(model: str, dataset: str) -> Progress | None:
    """How far that is; None before its first report."""
    return waited().progress(_name(model, dataset)) if engine() is not None else None


def compared(model: str, photo: np.ndarray, digest: str, texts: Sequence[str]) -> Compared | None:
    """`queries.compare` of one photo; None while a worker is at it. `digest` tells the photo apart."""
    return _answer(queries.compare, model, _Photos([photo], (digest,)), tuple(texts))


def classified(
    model: str, photos: Sequence[np.ndarray], digests: Sequence[str], names: Sequence[str], templates: Sequence[str]
) -> Compared | None:
    """`queries.classify`; None while a worker is at it."""
    return _answer(queries.classify, model, _Photos(photos, tuple(digests)), tuple(names), tuple(templates))


def compared_all(
    model: str, photos: Sequence[np.ndarray], digests: Sequence[str], texts: Sequence[str]
) -> Compared | None:
    """`queries.compare` of several photos; None while a worker is at it."""
    return _answer(queries.compare, model, _Photos(photos, tuple(digests)), tuple(texts))


def searched(model: str, dataset: str, text: str) -> Matches | None:
    """`queries.search` among the validation images; None while a worker is at it."""
    return _answer(queries.search, model, dataset, "val", text)


def images_alike(model: str, dataset: str, row: int) -> Matches | None:
    """`queries.alike` among the validation images; None while a worker is at it."""
    return _answer(queries.alike, model, dataset, "val", row)


def prompting() -> bool:
    """Whether a worker is at any of these questions."""
    return engine() is None or any(not future.done() for future in [*_answers().values(), *_preparing().values()])


class _Photos:
    """Photos that are told apart by their digests."""

    def __init__(self, photos: Sequence[np.ndarray], digests: tuple[str, ...]):
        self.photos, self.digests = list(photos), digests

    def __hash__(self) -> int:
        return hash(self.digests)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Photos) and other.digests == self.digests


def _answer(function: Callable, *arguments: Hashable) -> Any:
    if engine() is None:
        return None
    question, asked = (function.__name__, *arguments), _answers()
    if question not in asked:
        while len(asked) >= KEPT:
            asked.pop(next(iter(asked)), None)
        # The worker imports `core` alone: photos travel as arrays, not as a class of ours.
        plain = [part.photos if isinstance(part, _Photos) else part for part in arguments]
        asked[question] = waited().call(function, *plain)
    future = asked[question]
    try:
        future.exception(timeout=PATIENCE)
    except (TimeoutError, CancelledError):
        if not future.done():
            return None
    return _result(future, lambda: asked.pop(question, None))


def _result(future: Future, forget: Callable[[], Any]) -> Any:
    try:
        return future.result()
    except LabError:
        forget()  # what was missing may be there the next time
        raise
    except Exception as error:  # of the worker's, whatever it was
        forget()
        raise EngineError(f"No answer ({type(error).__name__}: {error})", remedy="Try again") from error


def _name(model: str, dataset: str) -> str:
    return f"zero-shot-{model}-{dataset}"


@st.cache_resource(show_spinner=False)
def _answers() -> dict[tuple, Future]:
    return {}


@st.cache_resource(show_spinner=False)
def _preparing() -> dict[tuple[str, str], Future]:
    return {}
