"""Similarities of images and texts; computed by the worker."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from core import people
from core.data.datasets import Dataset
from core.zero_shot import queries, tried
from core.zero_shot.queries import Compared, Matches, Scored
from core.zero_shot.tried import Prompts
from dashboard.server import engine, tasks
from dashboard.server.once import once
from dashboard.server.seen import seen
from dashboard.server.tasks import Answers, Task


@seen
def preparation(model: str, dataset: str) -> Task:
    """Computes the image features of the validation images, which `score`, `search` and `alike` need."""
    return Task(
        tasks.name("zero-shot", model, dataset),
        queries.prepare,
        (model, dataset, "val"),
        failure="The images cannot be encoded",
    )


@seen
def prepared(model: str, dataset: str) -> bool:
    """Whether the image features are there; starts to compute them if not.

    Raises:
        LabError: The weights or the dataset are missing; the next call tries again.
    """
    if engine.get() is None:
        return False
    task = preparation(model, dataset)
    if error := task.error:
        task.forget()
        raise error
    if not task.finished:
        task.begin()
    return task.finished


@seen
def score(model: str, dataset: str, names: Sequence[str], templates: Sequence[str]) -> Scored | None:
    """`queries.score` of the validation images; None while the worker computes it.

    Raises:
        LabError: It cannot be computed; so for all functions below.
    """
    names, templates = tuple(names), tuple(templates)
    question = ("score", model, dataset, names, templates)
    return _answers().get(question, queries.score, model, dataset, "val", names, templates)


@seen
def compare(model: str, photos: Sequence[np.ndarray], digests: Sequence[str], texts: Sequence[str]) -> Compared | None:
    """`queries.compare` of photos, identified by their digests, with texts."""
    question = ("compare", model, tuple(digests), tuple(texts))
    return _answers().get(question, queries.compare, model, list(photos), tuple(texts))


@seen
def classify(
    model: str, photos: Sequence[np.ndarray], digests: Sequence[str], names: Sequence[str], templates: Sequence[str]
) -> Compared | None:
    """`queries.classify` of photos, identified by their digests."""
    names, templates = tuple(names), tuple(templates)
    question = ("classify", model, tuple(digests), names, templates)
    return _answers().get(question, queries.classify, model, list(photos), names, templates)


@seen
def search(model: str, dataset: str, text: str) -> Matches | None:
    """`queries.search` among the validation images."""
    return _answers().get(("search", model, dataset, text), queries.search, model, dataset, "val", text)


@seen
def alike(model: str, dataset: str, row: int) -> Matches | None:
    """`queries.alike` among the validation images."""
    return _answers().get(("alike", model, dataset, row), queries.alike, model, dataset, "val", row)


@seen
def keep(dataset: Dataset, prompts: Prompts) -> None:
    """`tried.keep`, for all visitors."""
    tried.keep(dataset.fingerprint, prompts)
    _tried.clear()


@seen
def tried_on(dataset: Dataset) -> list[Prompts]:
    """`tried.of`, by those whose work the visitor may see."""
    everybody = _tried(dataset.fingerprint)
    visible = people.seen(each.person for each in everybody)
    return [each for each in everybody if each.person in visible]


def busy() -> bool:
    """Whether any of these questions has no answer yet, or the engine is starting."""
    return _answers().busy


@st.cache_data(ttl=2, max_entries=32, show_spinner=False)
def _tried(fingerprint: str) -> list[Prompts]:
    return tried.of(fingerprint)


@once
def _answers() -> Answers:
    return Answers(patience=0.6)
