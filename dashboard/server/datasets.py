"""Datasets of this machine, and downloads in the worker."""

from concurrent.futures import Future

import streamlit as st

from core.data import datasets
from core.data.datasets import Dataset, Summary
from core.progress import Progress
from dashboard.server.engine import waited


@st.cache_data(ttl=2, show_spinner=False)
def available_datasets() -> list[Summary]:
    """`datasets.available`: those that are here and those that can be downloaded."""
    return datasets.available()


@st.cache_resource(ttl=60, max_entries=4, show_spinner=False)
def dataset(name: str) -> Dataset:
    """`datasets.load`: images stay on disk where they are large."""
    return datasets.load(name)


def refresh_datasets() -> None:
    """Read datasets anew: one was downloaded, imported or deleted."""
    available_datasets.clear()
    dataset.clear()


def fetch(name: str) -> None:
    """Download a dataset in the worker; `fetching` tells when it is done."""
    _downloads()[name] = waited().call_reporting(f"fetch-{name}", datasets.fetch, name)


def fetch_progress(name: str) -> Progress | None:
    """How far a download is; None before its first byte."""
    return waited().progress(f"fetch-{name}")


def fetching(name: str) -> bool:
    """Whether a download goes on.

    Raises:
        DatasetError: The last one failed.
    """
    future = _downloads().get(name)
    if future is None or not future.done():
        return future is not None
    if error := future.exception():
        raise error
    del _downloads()[name]
    refresh_datasets()
    return False


@st.cache_resource(show_spinner=False)
def _downloads() -> dict[str, Future]:
    return {}
