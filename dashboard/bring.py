"""Bring your own images: a zip from the browser, or a folder or zip that the server can read."""

import shutil
import tempfile
from pathlib import Path
from typing import BinaryIO

import streamlit as st

from core import datasets
from core.datasets import Dataset
from core.errors import LabError
from core.progress import Progress, Report
from dashboard import components, formats, resources, state

LAYOUT = (
    "A folder for each class: `cat/1.jpg`, `dog/2.png`. Folders `train`, `val` and `test` above them are respected."
)


def show() -> None:
    """Draw the two ways; what was imported becomes the dataset in use."""
    st.caption(LAYOUT)
    with st.form("upload", border=False):
        upload = st.file_uploader("Zip of images", type="zip")
        if st.form_submit_button("Import the zip", icon=":material/upload:", type="primary"):
            _attempt(upload, upload and upload.name)
    with st.form("path", border=False):
        path = st.text_input("Or a path on this server", placeholder="/data/flowers or /data/flowers.zip")
        if st.form_submit_button("Import the path", icon=":material/folder_open:"):
            _attempt(path.strip(), path)


def from_zip(stream: BinaryIO, filename: str, report: Report) -> Dataset:
    """Import an uploaded zip; the dataset is named after the file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, Path(filename).name)
        with path.open("wb") as copy:
            shutil.copyfileobj(stream, copy)
        return datasets.import_images(path, report=report)


def _attempt(given: BinaryIO | str | None, name: str | None) -> None:
    if not given:
        st.warning("Choose a zip, or write a path, first.")
        return
    bar = st.progress(0.0, text="Reading")

    def report(moment: Progress) -> None:
        bar.progress(moment.fraction, text=f"{formats.count(moment.done)} {moment.unit}")

    try:
        if isinstance(given, str):
            dataset = datasets.import_images(given, report=report)
        else:
            dataset = from_zip(given, name, report)
    except LabError as error:
        bar.empty()
        components.show_error(error)
        return
    resources.refresh_datasets()
    state.update(dataset=dataset.name)
    st.toast(f"{formats.count(len(dataset.labels), 'image')} of {dataset.title} are here", icon=":material/check:")
    st.rerun()
