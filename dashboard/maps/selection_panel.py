"""The images selected with a lasso or a box: counts by class, the images, and a file to download."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import streamlit as st

from core import quoting
from core.data.datasets import Dataset
from core.maps import Map
from dashboard.maps import image_panel, selection
from dashboard.ui import class_charts, components, formats

MOST = 30  # images shown at once
TILE = 64  # pixels


def show(
    drawn: Map,
    dataset: Dataset,
    chosen: np.ndarray,
    predictions: pd.DataFrame | None,
    *,
    look_at: Callable[[int], None] = image_panel.look_at,
) -> None:
    """Draw the selection.

    Args:
        chosen: Row ids (m,).
        predictions: Of the run whose predictions the map shows: `runs.predictions`.
        look_at: Called with the row id of an image that is clicked.
    """
    if not len(chosen):
        st.caption(":material/lasso_select: Draw a lasso or a box around dots: their images and classes appear here.")
        return
    counts = selection.counts(dataset, chosen)
    st.markdown(sentence(counts))
    components.chart(
        class_charts.counted(counts, dataset.class_names), key="chosen-classes", alt="Selected images of each class"
    )
    table = selection.table(dataset, chosen, drawn.rows, drawn.positions, predictions)
    st.download_button(
        f"{formats.count(len(table), 'row')} as CSV",
        quoting.csv(table, floats="%.6g"),
        f"map-{drawn.key}.csv",
        "text/csv",
        icon=":material/download:",
        on_click="ignore",
        width="stretch",
    )
    with st.container(horizontal=True, gap="xxsmall"):
        for row in table["row"].head(MOST).tolist():
            name = dataset.class_names[dataset.labels[row]]
            with st.container(width=TILE, gap="xxsmall"):
                st.image(components.thumbnail(dataset.images[row], TILE), width=TILE, alt=f"Image {row}: {name}")
                st.button(
                    str(row),
                    key=f"chosen-{row}",
                    type="tertiary",
                    help=f"{formats.plain(name)}: click to see it",
                    on_click=look_at,
                    args=(row,),
                )
    if len(table) > MOST:
        st.caption(f"and {formats.count(len(table) - MOST)} more, all in the file")


def sentence(counts: dict[str, int]) -> str:
    """Number and classes of the selected images, in a line of Markdown."""
    images = sum(counts.values())
    (name, most), *others = counts.items()
    name = formats.plain(name)
    if not others:
        return f"**{formats.count(images, 'image')}**, all of class {name}"
    return f"**{formats.count(images, 'image')}** of {len(counts)} classes; {formats.percent(most / images)} are {name}"
