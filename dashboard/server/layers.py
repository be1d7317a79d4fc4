"""How deep a network can be looked into, and what linear heads on its layers found, measured in the worker."""

import hashlib
import json
from concurrent.futures import CancelledError, Future
from dataclasses import asdict
from functools import partial

import streamlit as st

from core.embeddings import Source
from core.errors import EngineError, LabError, Stopped
from core.evaluation import layer_probes
from core.evaluation.layer_probes import Probes
from core.features import layers as places
from core.features.layers import Depth
from core.progress import Progress
from dashboard.server.engine import settled, waited

AT_ONCE = 0.5  # seconds that an answer is waited for before the page is drawn without it


def depths(backbone: str, input_size: int) -> tuple[Depth, ...] | None:
    """`layers.of` from the worker; None while it builds the network's outline, a moment once it is warm.

    Raises:
        LabError: There is no such network.
    """
    if not settled():
        return None
    asked, question = _asked(), (backbone, input_size)
    if question not in asked:
        asked[question] = waited().call(places.of, backbone, input_size)
    try:
        return asked[question].result(timeout=AT_ONCE)
    except TimeoutError:
        return None
    except Exception as error:
        asked.pop(question, None)
        raise _told(error) from error


def layer_probed(source: Source, n_train: int) -> Probes | None:
    """`layer_probes.find`: what was measured before, by anybody.

    Raises:
        LabError: What the source names is not there any more.
    """
    return layer_probes.find(source, n_train=n_train)


def probe_layers(source: Source, n_train: int) -> None:
    """Let the worker measure it; what is under way goes on."""
    if not probing_layers(source, n_train):
        _begun()[source, n_train] = waited().call_reporting(
            _name(source, n_train), partial(layer_probes.measure, n_train=n_train), source
        )


def probing_layers(source: Source, n_train: int) -> bool:
    """Whether that goes on."""
    future = _begun().get((source, n_train))
    return future is not None and not future.done()


def layers_progress(source: Source, n_train: int) -> Progress | None:
    """How far it is; None before its first report."""
    return waited().progress(_name(source, n_train)) if settled() else None


def cancel_layers(source: Source, n_train: int) -> None:
    """Stop it where it is; features that are computed stay."""
    if probing_layers(source, n_train):
        waited().cancel(_name(source, n_train))


def layers_failed(source: Source, n_train: int) -> LabError | None:
    """What kept the last attempt from its end: a `Stopped` where somebody cancelled it; None where nothing did."""
    future = _begun().get((source, n_train))
    if future is None or not future.done():
        return None
    if future.cancelled():
        return Stopped()
    error = future.exception()
    return _told(error) if error else None


def _told(error: BaseException) -> LabError:
    if isinstance(error, LabError):
        return error
    if isinstance(error, CancelledError):
        return Stopped()
    return EngineError(f"The layers cannot be looked into ({type(error).__name__}: {error})", remedy="Try again")


def _name(source: Source, n_train: int) -> str:
    return f"layers-{hashlib.sha256(json.dumps([asdict(source), n_train]).encode()).hexdigest()[:16]}"


@st.cache_resource(show_spinner=False)
def _asked() -> dict[tuple[str, int], Future]:
    return {}


@st.cache_resource(show_spinner=False)
def _begun() -> dict[tuple[Source, int], Future]:
    return {}
