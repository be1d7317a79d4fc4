"""Images of a run that can be asked about: each carries what was said of it, and a click opens its explanation."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from core.data.datasets import Dataset
from core.errors import LabError
from core.runs import RunRow
from dashboard import server
from dashboard.ui import components, formats

MOST = 24  # images shown at once
TILE = 128  # pixels: a whole multiple of 32 and 64; the image that is asked about is shown larger
ROW = "row"  # in the address bar: the image that is asked about


def asked() -> int | None:
    """Row id of the image that the visitor asked about."""
    text = st.query_params.get(ROW, "")
    return int(text) if text.isdecimal() else None


def ask(row: int, tab: str = "") -> None:
    """Ask about an image; with `tab`, on that tab of the page. For callbacks."""
    st.query_params[ROW] = str(row)
    if tab:
        st.session_state["view"] = tab


def dataset_of(run: RunRow) -> Dataset | None:
    """The dataset of a run if it is still the one the run was tested on; else says why not."""
    try:
        dataset = server.datasets.get(run.config.dataset)
    except LabError as error:
        components.show_missing(error)
        return None
    predictions = server.runs.predictions(run.id)
    rows, labels = predictions["row"].to_numpy(), predictions["label"].to_numpy()
    if len(dataset.labels) <= rows.max() or (dataset.labels[rows] != labels).any():
        st.warning("Its images cannot be shown.", title="The dataset has changed since this run")
        return None
    return dataset


def show(run: RunRow, rows: np.ndarray, captions: Sequence[str], *, key: str, tab: str = "") -> None:
    """A grid of images by row id, in this order.

    Args:
        captions: One for each image, Markdown; a click on it asks about the image.
        key: Sets this grid apart from others of the page.
        tab: Where a click leads; by default it stays.
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
                    help=f"Image {row}: what speaks for this answer?",
                    on_click=ask,
                    args=(row, tab),
                    width="stretch",
                )
    if len(rows) > MOST:
        st.caption(f"and {formats.count(len(rows) - MOST)} more")


def said(run: RunRow, rows: np.ndarray) -> list[str]:
    """What a run says of each of these images, and how sure it is: cat 81.2 %."""
    names = list(server.runs.confusion(run.id).columns)
    found = server.runs.predictions(run.id).set_index("row").loc[rows]
    return [
        f"{names[prediction]} {formats.percent(sure)}".replace(" %", "\u00a0%")  # which is not left alone in a line
        for prediction, sure in zip(found["prediction"], found["confidence"], strict=True)
    ]


def truth(run: RunRow, rows: np.ndarray) -> list[str]:
    """The true class of each of these images."""
    names = list(server.runs.confusion(run.id).columns)
    return [names[label] for label in server.runs.predictions(run.id).set_index("row").loc[rows, "label"]]
