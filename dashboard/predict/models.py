"""The models to choose from: published classifiers and finished runs, and the photos that these know."""

from collections.abc import Sequence

import streamlit as st

from core.data.datasets import Dataset
from core.errors import LabError
from core.evaluation.agreement import best_recognised
from core.explain.predict import IMAGENET
from core.runs import RunRow
from dashboard import server
from dashboard.state import visitor
from dashboard.ui import choices, run_labels

AT_FIRST = 3  # runs chosen by default
JUDGES = 5  # runs that choose the photos


def titles() -> dict[str, str]:
    """Model -> its name; a stopped run is none."""
    published = {f"{IMAGENET}{name}": f"{name}, ImageNet classes" for name in server.explain.classifiers()}
    return published | run_labels.apart(_runs())


def classes(model: str) -> tuple[str, ...]:
    """Names of a model's classes; empty for ImageNet's thousand."""
    return () if model.startswith(IMAGENET) else tuple(server.runs.confusion(model).columns)


def architectures(chosen: Sequence[str]) -> set[str]:
    """The backbones of these models."""
    of_runs = {run.id: run.config.backbone for run in _runs()}
    return {of_runs.get(model, model.removeprefix(IMAGENET)) for model in chosen}


def first() -> list[str]:
    """The models to begin with: a published one, and the newest runs of different kinds on the visitor's dataset."""
    kinds = {}
    for run in _of_dataset(visitor.get().dataset):
        kinds.setdefault(run_labels.one(run), run.id)
    return [f"{IMAGENET}{name}" for name in server.explain.classifiers()[:1]] + list(kinds.values())[:AT_FIRST]


def examples(dataset: Dataset) -> dict[int, int]:
    """The test image of each class that the newest runs recognise best: people can tell what these show."""
    return _examples(tuple(run.id for run in _of_dataset(dataset.name)[:JUDGES]))


@st.cache_data(max_entries=16, show_spinner=False)
def _examples(run_ids: tuple[str, ...]) -> dict[int, int]:
    tables = []
    for run_id in run_ids:
        try:
            tables.append(server.runs.predictions(run_id))
        except LabError:  # lost; the page Run says so
            continue
    return best_recognised(tables)


def _runs() -> list[RunRow]:
    return [run for run in choices.single_runs() if run.status == "finished" and run.has_result]


def _of_dataset(dataset: str) -> list[RunRow]:
    return [run for run in _runs() if run.config.dataset == dataset]
