"""Images that are dark, bright, plain, blurred, tiny or cropped, by kind; and those least like the rest of their class.

Each is looked for on request.
"""

import numpy as np
import streamlit as st

from core import embeddings
from core.data import odd_images
from core.data.datasets import Dataset
from core.evaluation import label_errors
from core.features.estimates import Count
from dashboard import server
from dashboard.ui import contact_sheet, formats, task_progress

TAB = "Odd images"
COLUMNS = 10  # images of a kind


def show(dataset: Dataset) -> None:
    """The images that were found, or the buttons that look for them."""
    _by_kind(dataset)
    _by_class(dataset)


def _by_kind(dataset: Dataset) -> None:
    search = server.datasets.search_odd(dataset)
    if search.running or not (odd := server.datasets.odd_images_of(dataset)):
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
        f"**{formats.count(odd.count)} of {formats.count(odd.images, 'image')}** "
        f"{'is' if odd.count == 1 else 'are'} dark, bright, plain, blurred, tiny or cropped."
    )
    for kind, rows in odd.rows.items():
        if rows:
            label = f"**{kind.capitalize()}**: {formats.count(len(rows))}"
            _strip(dataset, rows, label, alt=f"The most {kind} images", help=odd_images.KINDS[kind])


def _by_class(dataset: Dataset) -> None:
    source, search = label_errors.usual(dataset.name), server.datasets.search_outliers(dataset)
    if search.running or not (outliers := server.datasets.outliers_of(dataset)):
        counted = Count("outliers")
        if not search.running:
            embeddings.resolve(source).count(counted)
        task_progress.offer(
            search,
            "Look for outliers",
            why="The images of each class that look least like the rest of it to a network: other things, wrong "
            "labels, rare views. In every class something comes first, so judge by eye.",
            icon=":material/person_search:",
            ended=server.datasets.refresh,
            kept=task_progress.CONTINUES.format("features"),
            counted=counted,
        )
        return
    st.markdown(f"**Least like the rest of their class to {source.backbone}**, the least typical first.")
    for name, rows in zip(dataset.class_names, outliers, strict=True):
        if rows:
            _strip(dataset, rows, formats.plain(name), alt=f"The least typical images of {name}")


def _strip(dataset: Dataset, rows: list[int], label: str, *, alt: str, help: str | None = None) -> None:
    left, right = st.columns([1, 7], vertical_alignment="center", gap="small")
    left.markdown(label, help=help)
    shown = dataset.images[np.array(rows[:COLUMNS])]
    right.image(contact_sheet.strip(shown, columns=COLUMNS), alt=alt)
