"""Maps: those on disk, the tasks that draw others, and the neighbours of an image."""

import hashlib

import numpy as np
import streamlit as st

from core import embeddings, maps, people, runs
from core.data import dataset
from core.embeddings import Source
from core.errors import WeightsError
from core.maps import Map, MapConfig, nearby
from core.maps.nearby import Near
from dashboard.server import datasets, tasks
from dashboard.server.once import once
from dashboard.server.seen import seen
from dashboard.server.tasks import Answers, Task


@seen
def rows(source: Source) -> np.ndarray:
    """`embeddings.rows`: which images a map would show."""
    return _rows(source, datasets.get(source.dataset).fingerprint)


@seen
def title(config: MapConfig) -> str:
    """What a map shows, in a line: UMAP of EfficientNetLite0 at 160 px, features, 2,500 images of CIFAR-10 sample."""
    return f"{maps.METHODS[config.method].title} of {_source_title(config.source)}"


@seen
def drawn(config: MapConfig) -> Map | None:
    """`maps.find`, kept for a while; None if the map has not been drawn.

    Raises:
        LabError: What the map shows no longer exists.
    """
    try:
        drawn_map = _drawn(config)
    except (LookupError, WeightsError):  # missing weights are downloaded when it is drawn
        return None
    if maps.positions_path(drawn_map.key) is None:  # the cache was cleared
        _drawn.clear(config)
        return None
    return drawn_map


def owner(key: str) -> str:
    """The owner of a map: of the run that it shows, or of the dataset; the lecturer if it is not drawn."""
    try:
        images, of_run = _shown_on(key)
    except LookupError:
        return people.LECTURER
    of_images = dataset.person(images)
    return of_images if of_run is None or of_images == people.HELD_BACK else of_run


@st.cache_data(max_entries=256, show_spinner=False)
def _shown_on(key: str) -> tuple[str, str | None]:
    """The dataset whose images a map shows, and the owner of its run, if it is of one."""
    drawn_map = maps.read(key)
    if drawn_map is None:
        raise LookupError(key)  # exceptions are not cached: it may be drawn later, for a learner
    source = drawn_map.config.source
    return source.dataset, runs.get(source.run).person if source.run else None


@seen
def task(config: MapConfig) -> Task:
    """Draws a map."""
    return Task(tasks.name("map", config), maps.compute, (config,), failure="The map cannot be drawn")


@seen
def features_task(source: Source) -> Task:
    """Computes the vectors of a source again after the cache was cleared; then `near` finds them."""
    return Task(tasks.name("features", source), embeddings.values, (source,), failure="The features cannot be computed")


@seen
def near(source: Source, row: int, metric: str) -> Near | None:
    """`nearby.of_image`; None while the worker searches.

    Raises:
        LabError: The vectors no longer exist.
    """
    return _near().get((source, row, metric), nearby.of_image, source, row, metric=metric)


@seen
def looking_near(source: Source, row: int, metric: str) -> bool:
    """Whether `near` is still being computed."""
    return _near().pending((source, row, metric))


@seen
def near_photo(config: MapConfig, photo: bytes) -> Near | None:
    """`nearby.of_photo` for the bytes of a file; None while the worker searches.

    Raises:
        LabError: It is not an image, or the map no longer exists.
    """
    return _near().get(_photo_question(config, photo), nearby.of_photo, config, photo)


@seen
def looking_near_photo(config: MapConfig, photo: bytes) -> bool:
    """Whether `near_photo` is still being computed."""
    return _near().pending(_photo_question(config, photo))


def _photo_question(config: MapConfig, photo: bytes) -> tuple[MapConfig, str]:
    return config, hashlib.sha256(photo).hexdigest()


@st.cache_data(ttl=60, max_entries=64, show_spinner=False)
def _source_title(source: Source) -> str:
    return embeddings.title(source)


@st.cache_data(max_entries=16, show_spinner=False)
def _rows(source: Source, fingerprint: str) -> np.ndarray:
    return embeddings.rows(source)


@st.cache_resource(ttl=60, max_entries=32, show_spinner=False)
def _drawn(config: MapConfig) -> Map:
    drawn_map = maps.find(config)
    if drawn_map is None:
        raise LookupError(config)  # exceptions are not cached: the next call tries again
    return drawn_map


@once
def _near() -> Answers:
    return Answers(keep=256, patience=0.4, failure="The neighbours cannot be found")
