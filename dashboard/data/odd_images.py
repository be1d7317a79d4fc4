"""Images that are dark, bright, plain, blurred, tiny or cropped: looked for on request, shown by kind."""

import numpy as np
import streamlit as st

from core.data import odd_images
from core.data.datasets import Dataset
from dashboard import server
from dashboard.ui import contact_sheet, formats, task_progress

TAB = "Odd images"
COLUMNS = 10  # images of a kind


def show(dataset: Dataset) -> None:
    """The images that were found, or the button that looks for them."""
    search = server.datasets.search_odd(dataset)
    if search.running or not (found := server.datasets.odd_images_of(dataset)):
        task_progress.offer(
            search,
            "Look for odd images",
            why="Images that are too dark, too bright, plain, blurred, tiny or mostly cut off teach little and test "
            "little.",
            icon=":material/image_search:",
            ended=server.datasets.refresh,
        )
        return
    st.markdown(
        f"**{formats.count(found.count)} of {formats.count(found.images, 'image')}** "
        f"{'is' if found.count == 1 else 'are'} dark, bright, plain, blurred, tiny or cropped."
    )
    for kind, rows in found.rows.items():
        if rows:
            _strip(dataset, kind, rows)


def _strip(dataset: Dataset, kind: str, rows: list[int]) -> None:
    left, right = st.columns([1, 7], vertical_alignment="center", gap="small")
    left.markdown(f"**{kind.capitalize()}**: {formats.count(len(rows))}", help=odd_images.KINDS[kind])
    shown = dataset.images[np.array(rows[:COLUMNS])]
    right.image(contact_sheet.strip(shown, columns=COLUMNS), alt=f"The most {kind} images")
