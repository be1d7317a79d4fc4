"""Datasets on this machine, and their downloads."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
import streamlit as st

from core import people
from core.config import RunConfig
from core.data import datasets, near_duplicates, odd_images, photos, relabelling
from core.data import duplicates as pixels
from core.data.datasets import Dataset, Summary
from core.data.near_duplicates import NearDuplicates
from core.data.odd_images import OddImages
from core.embeddings import Source
from core.errors import LabError
from core.evaluation import feature_duplicates, label_errors, leaks, outliers
from core.evaluation.label_errors import LabelErrors
from core.evaluation.outliers import Outliers
from core.progress import Report
from dashboard.server import line as lines
from dashboard.server import tasks
from dashboard.server.seen import seen
from dashboard.server.tasks import Task

Result = TypeVar("Result")
_of_content = st.cache_data(
    ttl=5, max_entries=32, show_spinner=False, hash_funcs={Dataset: lambda dataset: dataset.fingerprint}
)


def available() -> list[Summary]:
    """`datasets.available`: those on this machine or to download that the visitor may see."""
    summaries = _available()
    visible = people.seen(summary.person for summary in summaries)
    return [summary for summary in summaries if summary.person in visible]


def get(name: str) -> Dataset:
    """`datasets.load`: large images stay on disk.

    Raises:
        DatasetError: It is unknown or damaged.
        AccessError: The visitor may not see it.
    """
    dataset = _loaded(name)
    people.require("see", dataset.person)
    return dataset


def title(name: str) -> str:
    """The one of `titles`; its name if there is none that the visitor may see, or the home folder is away."""
    try:
        return titles().get(name, name)
    except LabError:  # which the page shows
        return name


def titles() -> dict[str, str]:
    """Name -> title of those that are `available`, with the name in brackets where several have the same title."""
    summaries = available()
    often = Counter(summary.title for summary in summaries)
    return {
        summary.name: f"{summary.title} ({summary.name})" if often[summary.title] > 1 else summary.title
        for summary in summaries
    }


@seen
def splits(dataset: Dataset) -> dict[str, np.ndarray]:
    """`datasets.splits` with the seed that all runs share."""
    return _splits(dataset.fingerprint, dataset)


@seen
def duplicates(dataset: Dataset) -> list[str]:
    """A warning if test images are also training images."""
    return _duplicates(dataset.fingerprint, dataset)


@seen
@_of_content
def near_duplicates_of(dataset: Dataset) -> NearDuplicates | None:
    """`near_duplicates.find`: what has been found, for any visitor."""
    return near_duplicates.find(dataset)


@seen
@_of_content
def leaked(dataset: Dataset, configs: tuple[RunConfig, ...] = ()) -> np.ndarray:
    """`leaks.known`: test images that are known to be training images, or nearly so."""
    return leaks.known(dataset, configs)


@seen
def search(dataset: Dataset) -> Task:
    """Looks for near-duplicates."""
    name = tasks.name("near-duplicates", dataset.fingerprint)
    return Task(name, near_duplicates.search, (dataset.name,), failure="The images cannot be compared")


@seen
@_of_content
def feature_duplicates_of(dataset: Dataset) -> NearDuplicates | None:
    """`feature_duplicates.find`: what has been found, for any visitor."""
    return _of_features(feature_duplicates.find, dataset)


@seen
def search_features(dataset: Dataset) -> Task:
    """Looks for near-duplicates by features."""
    return _search_features("feature-duplicates", feature_duplicates.search, dataset, "The images cannot be compared")


@seen
def clean(dataset: Dataset, leaked: Sequence[int]) -> Task:
    """Copies a dataset without these test images, which are nearly training images."""
    return _copy(tasks.name("clean", dataset.fingerprint, *leaked), _clean, dataset.name, leaked)


@seen
@_of_content
def odd_images_of(dataset: Dataset) -> OddImages | None:
    """`odd_images.find`: what has been found, for any visitor."""
    return odd_images.find(dataset)


@seen
def search_odd(dataset: Dataset) -> Task:
    """Looks for odd images."""
    name = tasks.name("odd-images", dataset.fingerprint)
    return Task(name, odd_images.search, (dataset.name,), failure="The images cannot be judged")


@seen
@_of_content
def outliers_of(dataset: Dataset) -> Outliers | None:
    """`outliers.find`: what has been found, for any visitor."""
    return _of_features(outliers.find, dataset)


@seen
def search_outliers(dataset: Dataset) -> Task:
    """Looks for the least typical images of each class."""
    return _search_features("outliers", outliers.search, dataset, "The images cannot be compared")


@seen
@_of_content
def label_errors_of(dataset: Dataset) -> LabelErrors | None:
    """`label_errors.find`: what has been found, for any visitor."""
    return _of_features(label_errors.find, dataset)


@seen
def search_labels(dataset: Dataset) -> Task:
    """Looks for wrong labels."""
    return _search_features("label-errors", label_errors.search, dataset, "The labels cannot be checked")


@seen
def relabel(dataset: Dataset, changes: Mapping[int, int]) -> Task:
    """Copies a dataset with other labels: row id -> label."""
    name = tasks.name("relabel", dataset.fingerprint, *sorted(changes.items()))
    return _copy(name, _relabel, dataset.name, dict(changes))


def gather() -> Task:
    """Puts everybody's photos of new classes together, for the lecturer."""
    work = (people.require("run the class"), photos.gather)
    failure = "The photos cannot be put together"
    return Task("class-photos", people.on_behalf, work, failure=failure, line=lines.files)


def download(name: str) -> Task:
    """Downloads a dataset."""
    return Task(f"fetch-{name}", datasets.fetch, (name,), failure="The dataset cannot be downloaded", line=lines.files)


def refresh() -> None:
    """Read datasets again: one has been downloaded, imported, compared, copied or deleted."""
    _available.clear()
    _loaded.clear()
    near_duplicates_of.clear()
    feature_duplicates_of.clear()
    leaked.clear()
    label_errors_of.clear()
    odd_images_of.clear()
    outliers_of.clear()


def _of_features(find: Callable[[Source], Result | None], dataset: Dataset) -> Result | None:
    """What has been found by the features of a dataset; None if it was deleted or renamed a moment ago."""
    try:
        return find(label_errors.usual(dataset.name))
    except LabError:
        return None


def _search_features(kind: str, search: Callable, dataset: Dataset, failure: str) -> Task:
    """A task that looks for something by the features of a dataset."""
    source = label_errors.usual(dataset.name)
    return Task(tasks.name(kind, dataset.fingerprint), search, (source,), failure=failure)


@st.cache_data(ttl=2, show_spinner=False)
def _available() -> list[Summary]:
    return datasets.available()


@st.cache_resource(ttl=60, max_entries=4, show_spinner=False)
def _loaded(name: str) -> Dataset:
    return datasets.load(name)


@st.cache_data(max_entries=8, show_spinner=False)
def _splits(fingerprint: str, _dataset: Dataset) -> dict[str, np.ndarray]:
    return datasets.splits(_dataset)


@st.cache_data(max_entries=8, show_spinner=False)
def _duplicates(fingerprint: str, _dataset: Dataset) -> list[str]:
    warning = pixels.warning(_dataset, _splits(fingerprint, _dataset))
    return [f"{warning}."] if warning else []


def _copy(name: str, function: Callable, *arguments: Any) -> Task:
    """Copies a dataset for the visitor."""
    person = people.require("import")
    work = (person, function, *arguments)
    name = f"{name}-{person}" if person else name
    return Task(name, people.on_behalf, work, failure="The dataset cannot be copied", line=lines.files)


def _clean(name: str, leaked: Sequence[int], report: Report) -> str:
    return near_duplicates.clean(name, leaked, report).name  # the images stay in the worker


def _relabel(name: str, changes: Mapping[int, int], report: Report) -> str:
    return relabelling.relabel(name, changes, report).name
