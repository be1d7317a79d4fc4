"""What the worker counts and measures of ideas: our networks beside Keras's, gradients with and without shortcuts."""

from collections.abc import Callable
from concurrent.futures import Future

import streamlit as st

from core.curriculum import parity, vanishing_gradients
from core.curriculum.parity import Comparison, ParityCheck
from core.curriculum.vanishing_gradients import GradientNorms
from core.errors import EngineError, LabError
from dashboard.server.engine import settled, waited


def comparison(name: str) -> Comparison | None:
    """`parity.compare` from the worker; None while it counts.

    Raises:
        LabError: It cannot be counted.
    """
    if not settled():
        return None
    key = ("comparison", name)
    if key not in _asked():
        _ask(key, parity.compare, name)
    return _answer(key)


def check_equality(name: str) -> None:
    """Let the worker compute both networks; `equality_checked` has what came out."""
    _ask(("equality", name), parity.check, name)


def equality_checked(name: str) -> ParityCheck | None:
    """What the last check gave; None before it, and while it goes on."""
    return _answer(("equality", name))


def measure_gradients(blocks: int, normalisation: str) -> None:
    """Measure in the worker; `gradients` has what came out."""
    _ask(("gradients", blocks, normalisation), vanishing_gradients.measure, blocks, normalisation)


def gradients(blocks: int, normalisation: str) -> GradientNorms | None:
    """What was measured for networks like these; None before it, and while it goes on."""
    return _answer(("gradients", blocks, normalisation))


def asked(*key) -> bool:
    """Whether something of these is under way: asked("equality", name)."""
    future = _asked().get(key)
    return future is not None and not future.done()


def _ask(key: tuple, function: Callable, *args) -> None:
    _asked()[key] = waited().call(function, *args)


def _answer(key: tuple):
    future = _asked().get(key)
    if future is None or not future.done():
        return None
    try:
        return _answers().setdefault(key, future.result())
    except LabError:
        del _asked()[key]
        raise
    except Exception as error:  # of the worker's, whatever it was
        del _asked()[key]
        raise EngineError(f"The worker gave up ({type(error).__name__}: {error})", remedy="Try again") from error


@st.cache_resource(show_spinner=False)
def _asked() -> dict[tuple, Future]:
    return {}


@st.cache_resource(show_spinner=False)
def _answers() -> dict[tuple, Comparison | ParityCheck | GradientNorms]:
    return {}
