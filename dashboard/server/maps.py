"""Maps: those drawn already, those that the worker draws one after the other, and what it says of their points."""

import hashlib
import json
import threading
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from dataclasses import asdict

import numpy as np
import streamlit as st

from core import embeddings, maps
from core.data import datasets
from core.data.datasets import Dataset
from core.embeddings import Source
from core.engine import Engine
from core.errors import EngineError, LabError, Stopped, WeightsError
from core.maps import Map, MapConfig, nearby
from core.maps.nearby import Near
from core.progress import Progress
from dashboard.server.datasets import dataset
from dashboard.server.engine import settled, waited

AT_ONCE = 0.4  # seconds that an answer is waited for before the page is drawn without it
KEPT_ANSWERS = 256  # the oldest goes first


def splits(of: Dataset) -> dict[str, np.ndarray]:
    """`datasets.splits` with the seed that everybody has."""
    return _splits(of.fingerprint, of)


def map_rows(source: Source) -> np.ndarray:
    """`embeddings.rows`: which images a map would be of."""
    return _rows(source, dataset(source.dataset).fingerprint)


def map_title(config: MapConfig) -> str:
    """What a map is of, in a line: UMAP of EfficientNetLite0 at 160 px, features, 2,500 images of CIFAR-10 sample."""
    return f"{maps.METHODS[config.method].title} of {_source_title(config.source)}"


def drawn(config: MapConfig) -> Map | None:
    """`maps.find`, kept for a while; None where it is to be drawn first.

    Raises:
        LabError: What the map is of is not there any more.
    """
    try:
        found = _drawn(config)
    except (LookupError, WeightsError):  # weights that are not here yet are fetched when it is drawn
        return None
    if maps.positions_path(found.key) is None:  # somebody cleared the cache
        _drawn.clear(config)
        return None
    return found


def draw(config: MapConfig) -> None:
    """Let the worker draw a map, after those that were asked for before; one that is under way goes on."""
    if not drawing(config):
        begun = _begun()
        begun.pop(config, None)
        begun[config] = _Drawing(waited(), config, _line())


def drawing(config: MapConfig) -> bool:
    """Whether a map waits or is being drawn."""
    work = _begun().get(config)
    return work is not None and not work.future.done()


def drawing_progress(config: MapConfig) -> Progress | None:
    """How far it is; None while it waits for its turn."""
    work = _begun().get(config)
    return waited().progress(work.name) if work and work.at_it and settled() else None


def before_in_line(config: MapConfig) -> int:
    """How many maps go before this one."""
    waiting = [each for each, work in list(_begun().items()) if not work.future.done()]
    return waiting.index(config) if config in waiting else 0


def cancel_drawing(config: MapConfig) -> None:
    """Stop it where it is; features that are computed stay."""
    if work := _begun().get(config):
        work.cancel()


def drawing_failed(config: MapConfig) -> LabError | None:
    """What kept the last attempt from giving a map: a `Stopped` where somebody cancelled it; None where nothing did."""
    work = _begun().get(config)
    if work is None or not work.future.done():
        return None
    if work.future.cancelled():
        return Stopped()
    error = work.future.exception()
    if error is None or isinstance(error, LabError):
        return error
    if isinstance(error, CancelledError):
        return Stopped()
    return EngineError(f"The map cannot be drawn ({type(error).__name__}: {error})", remedy="Try again")


def forget_failure(config: MapConfig) -> None:
    """Look at a map afresh, as if nobody had tried to draw it."""
    if not drawing(config):
        _begun().pop(config, None)


class _Drawing:
    """One map on its way, in a line of its own: a map takes all cores, and short calls need a thread meanwhile."""

    def __init__(self, engine: Engine, config: MapConfig, line: ThreadPoolExecutor):
        self.name = f"map-{hashlib.sha256(json.dumps(asdict(config)).encode()).hexdigest()[:16]}"
        self.at_it = False
        self._engine, self._config = engine, config
        self._cancelled, self._lock = False, threading.Lock()
        self.future: Future = line.submit(self._work)

    def cancel(self) -> None:
        with self._lock:
            self._cancelled = True
            if self.at_it:
                self._engine.cancel(self.name)
        self.future.cancel()

    def _work(self) -> Map:
        with self._lock:
            if self._cancelled:
                raise Stopped()
            self.at_it = True
            working = self._engine.call_reporting(self.name, maps.compute, self._config)
        return working.result()


@st.cache_data(max_entries=8, show_spinner=False)
def _splits(fingerprint: str, _dataset: Dataset) -> dict[str, np.ndarray]:
    return datasets.splits(_dataset)


@st.cache_data(ttl=60, max_entries=64, show_spinner=False)
def _source_title(source: Source) -> str:
    return embeddings.title(source)


@st.cache_data(max_entries=16, show_spinner=False)
def _rows(source: Source, fingerprint: str) -> np.ndarray:
    return embeddings.rows(source)


@st.cache_resource(ttl=60, max_entries=32, show_spinner=False)
def _drawn(config: MapConfig) -> Map:
    found = maps.find(config)
    if found is None:
        raise LookupError(config)  # so that it is looked for again
    return found


@st.cache_resource(show_spinner=False)
def _begun() -> dict[MapConfig, _Drawing]:
    return {}


@st.cache_resource(show_spinner=False, on_release=lambda line: line.shutdown(wait=False, cancel_futures=True))
def _line() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1, thread_name_prefix="maps")


def near(source: Source, row: int, metric: str) -> Near | None:
    """`nearby.of_image`; None while the worker is at it, a moment once it has read the vectors.

    Raises:
        LabError: The vectors are not there any more; asked again, it looks again.
    """
    return _answer((source, row, metric), nearby.of_image, source, row, metric=metric)


def looking_near(source: Source, row: int, metric: str) -> bool:
    """Whether the worker is still at what `near` asked; with nothing asked, or an answer, it is not."""
    asked = _answers().get((source, row, metric))
    return not settled() or (asked is not None and not asked.done())


def near_photo(config: MapConfig, photo: bytes) -> Near | None:
    """`nearby.of_photo` for the bytes of a file; None while the worker is at it.

    Raises:
        LabError: It is no image, or the map is not there any more.
    """
    question = (config, hashlib.sha256(photo).hexdigest())
    return _answer(question, nearby.of_photo, config, photo)


def fill_features(source: Source) -> None:
    """Compute the vectors of a source again, which somebody has cleared away; a `near` asked again finds them."""
    name = f"features-{hashlib.sha256(json.dumps(asdict(source)).encode()).hexdigest()[:16]}"
    _fillings()[source] = waited().call_reporting(name, embeddings.values, source)


def filling_features(source: Source) -> bool:
    """Whether that goes on."""
    future = _fillings().get(source)
    return future is not None and not future.done()


def _answer(question: tuple, function, *args, **kwargs) -> Near | None:
    """What the worker says, asked once by whichever visitor."""
    if not settled():
        return None
    asked = _answers()
    if question not in asked:
        while len(asked) >= KEPT_ANSWERS:
            asked.pop(next(iter(asked)), None)
        asked[question] = waited().call(function, *args, **kwargs)
    try:
        return asked[question].result(timeout=AT_ONCE)
    except TimeoutError:
        return None
    except Exception as error:
        asked.pop(question, None)
        if isinstance(error, LabError):
            raise
        raise EngineError(
            f"The neighbours cannot be found ({type(error).__name__}: {error})", remedy="Try again"
        ) from error


@st.cache_resource(show_spinner=False)
def _answers() -> dict[tuple, Future]:
    return {}


@st.cache_resource(show_spinner=False)
def _fillings() -> dict[Source, Future]:
    return {}
