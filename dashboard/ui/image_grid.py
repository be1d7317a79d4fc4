"""Grids of a run's images, each with its prediction; a click on it opens its explanation."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from core.data.datasets import Dataset
from core.errors import LabError
from core.runs import RunRow
from dashboard import server
from dashboard.state import address
from dashboard.ui import components, formats

MOST = 24  # images shown at once
TILE = 128  # pixels: a multiple of 32 and 64; the selected image is shown larger
ROW = "row"  # in the address bar: the selected image


def selected() -> int | None:
    """Row id of the selected image."""
    text = address.current(ROW) or ""
    row = address.whole(text)
    if text and row is None:
        address.refuse(ROW, "Image", text, "is not the number of an image")
    return row


def select(row: int, tab: str = "") -> None:
    """Select an image, and open a tab of the page if one is given; for callbacks."""
    address.write(ROW, str(row))
    if tab:
        st.session_state["view"] = tab


def dataset_of(run: RunRow) -> Dataset | None:
    """The dataset of a run if its images are still those of the run; otherwise shows why not."""
    try:
        dataset = server.datasets.get(run.config.dataset)
    except LabError as error:
        components.show_missing(error)
        return None
    predictions = server.runs.predictions(run.id)
    rows, labels = predictions["row"].to_numpy(), predictions["label"].to_numpy()
    if len(dataset.labels) <= rows.max() or (dataset.labels[rows] != labels).any():
        st.warning("The run's images cannot be shown.", title="The dataset has changed since this run")
        return None
    return dataset


def show(run: RunRow, rows: np.ndarray, captions: Sequence[str], *, key: str, tab: str = "") -> None:
    """A grid of images in the order of `rows`.

    Args:
        rows: Row ids.
        captions: One for each image, Markdown; a click on it selects the image.
        key: Unique on the page.
        tab: The tab that a click opens; "" for the current one.
    """
    dataset = dataset_of(run)
    if dataset is None or not len(rows):
        return
    shown = rows[:MOST]
    with st.container(horizontal=True, gap="xsmall"):
        for row, image, caption in zip(shown.tolist(), dataset.images[shown], captions, strict=False):
            with st.container(width=TILE, gap="xxsmall"):
                alt = f"Image {row}: {caption.replace('*', '')}"
                st.image(components.thumbnail(image, TILE), width=TILE, alt=alt)
                st.button(
                    caption,
                    key=f"{key}-{row}",
                    help=f"Explain the prediction for image {row}",
                    on_click=select,
                    args=(row, tab),
                    width="stretch",
                )
    if len(rows) > MOST:
        st.caption(f"and {formats.count(len(rows) - MOST)} more")


def predicted(run: RunRow, rows: np.ndarray) -> list[str]:
    """The run's prediction for each image with its confidence, Markdown: cat 81.2 %."""
    names = _names(run)
    predictions = server.runs.predictions(run.id).set_index("row").loc[rows]
    return [
        f"{names[prediction]} {formats.percent(confidence)}".replace(" %", "\u00a0%")  # keeps the sign on its line
        for prediction, confidence in zip(predictions["prediction"], predictions["confidence"], strict=True)
    ]


def truth(run: RunRow, rows: np.ndarray) -> list[str]:
    """The true class of each of these images, Markdown."""
    names = _names(run)
    return [names[label] for label in server.runs.predictions(run.id).set_index("row").loc[rows, "label"]]


def _names(run: RunRow) -> list[str]:
    """The classes of a run, Markdown."""
    return [formats.plain(name) for name in server.runs.confusion(run.id).columns]
