"""What this machine has of the backbones: published weights, and features in the cache."""

import streamlit as st

from core import backbones, features
from core.errors import LabError
from core.features import Encoder
from dashboard.server import datasets, explain
from dashboard.server import line as lines
from dashboard.server.seen import seen
from dashboard.server.tasks import Task


@st.cache_data(ttl=3, show_spinner=False)
def here() -> frozenset[str]:
    """Names of the backbones whose published weights are on this machine."""
    return frozenset(name for name, spec in backbones.BACKBONES.items() if backbones.published_here(spec))


def refresh() -> None:
    """Look for published weights again: some have been downloaded."""
    here.clear()
    explain.weights.clear()


def download(name: str) -> Task:
    """Downloads the published weights of a backbone."""
    return Task(
        f"fetch-weights-{name}",
        backbones.find_weights,
        (name,),
        failure="The weights cannot be downloaded",
        line=lines.files,
    )


@seen
@st.cache_data(ttl=3, max_entries=32, show_spinner=False)
def cached_size(dataset: str, names: tuple[str, ...]) -> int:
    """The input size in pixels at which features of a dataset by all of these backbones are cached; 0: there is none.

    Of several, the one with the most images; also 0 if it is the size that each of them has anyway.
    """
    try:
        images = datasets.get(dataset)
        sizes = [features.cached_sizes(images, Encoder(name)) for name in names]
        own = {backbones.get(name).default_size for name in names}
    except LabError:  # which the page shows when it plans the run
        return 0
    size = next((size for size in sizes[0] if all(size in others for others in sizes)), 0) if sizes else 0
    return 0 if {size} == own else size
