"""Import your own images: a zip from the browser, or a folder or zip that the server can read."""

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import streamlit as st

from core.data import datasets
from core.data.datasets import Dataset
from core.errors import LabError
from core.progress import Progress, Report
from dashboard import server
from dashboard.state import visitor
from dashboard.ui import components, formats

LAYOUT = "One folder per class: `cat/1.jpg`, `dog/2.png`. Parent folders `train`, `val` and `test` define the splits."


def show() -> None:
    """Draw both ways of importing; the imported dataset becomes the one in use."""
    st.caption(LAYOUT)
    upload = st.file_uploader("Zip of images", type="zip")
    # Disabled until the upload is complete.
    pressed = st.button("Import the zip", icon=":material/upload:", type="primary", disabled=upload is None)
    if pressed and upload is not None:
        _attempt(lambda report: from_zip(upload, upload.name, report))
    with st.form("path", border=False):
        path = st.text_input("Or a path on this server", placeholder="/data/flowers or /data/flowers.zip")
        if st.form_submit_button("Import the path", icon=":material/folder_open:"):
            if path.strip():
                _attempt(lambda report: datasets.import_images(path.strip(), report=report))
            else:
                st.warning("Enter a path first.")


def from_zip(stream: BinaryIO, filename: str, report: Report) -> Dataset:
    """Import an uploaded zip; the dataset is named after the file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, Path(filename).name)
        with path.open("wb") as copy:
            shutil.copyfileobj(stream, copy)
        return datasets.import_images(path, report=report)


def _attempt(import_images: Callable[[Report], Dataset]) -> None:
    bar = st.progress(0.0, text="Reading")

    def report(moment: Progress) -> None:
        bar.progress(moment.fraction, text=f"{formats.count(moment.done)} {moment.unit}")

    try:
        dataset = import_images(report)
    except LabError as error:
        bar.empty()
        components.show_error(error)
        return
    server.datasets.refresh()
    visitor.update(dataset=dataset.name)
    st.toast(
        f"{formats.count(len(dataset.labels), 'image')} of {formats.plain(dataset.title)} imported",
        icon=":material/check:",
    )
    st.rerun()
