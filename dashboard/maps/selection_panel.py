"""The images that a lasso or a box caught: counted by class, shown, and to take away; always by row id."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import streamlit as st

from core.data.datasets import Dataset
from core.maps import Map
from dashboard.maps import image_panel, selection
from dashboard.ui import charts, components, formats

MOST = 30  # images shown at once
TILE = 64  # pixels


def show(
    found: Map,
    dataset: Dataset,
    chosen: np.ndarray,
    predictions: pd.DataFrame | None,
    *,
    look_at: Callable[[int], None] = image_panel.look_at,
) -> None:
    """Draw them.

    Args:
        chosen: Row ids (m,).
        predictions: Of the run that colours the map, as `runs.predictions` gives them.
        look_at: What a click on one of them does, with its row id.
    """
    if not len(chosen):
        st.caption(":material/lasso_select: Draw a lasso or a box around dots: their images and classes come here.")
        return
    counts = selection.counts(dataset, chosen)
    st.markdown(sentence(counts, dataset))
    components.chart(
        charts.counted(counts, dataset.class_names), key="chosen-classes", alt="Chosen images of each class"
    )
    table = selection.table(dataset, chosen, found.rows, found.positions, predictions)
    st.download_button(
        f"{formats.count(len(table), 'row')} as CSV", selection.csv(table), f"map-{found.key}.csv", "text/csv",
        icon=":material/download:", on_click="ignore", width="stretch",
    )  # fmt: skip
    with st.container(horizontal=True, gap="xxsmall"):
        for row in table["row"].head(MOST).tolist():
            name = dataset.class_names[dataset.labels[row]]
            with st.container(width=TILE, gap="xxsmall"):
                st.image(components.thumbnail(dataset.images[row], TILE), width=TILE, alt=f"Image {row}: {name}")
                st.button(
                    str(row), key=f"chosen-{row}", type="tertiary", help=f"{name}: press to look at it",
                    on_click=look_at, args=(row,),
                )  # fmt: skip
    if len(table) > MOST:
        st.caption(f"and {formats.count(len(table) - MOST)} more, all of them in the file")


def sentence(counts: dict[str, int], dataset: Dataset) -> str:
    """What was chosen, in one line."""
    images = sum(counts.values())
    (name, most), *others = counts.items()
    if not others:
        return f"**{formats.count(images, 'image')}**, all of class {name}"
    return f"**{formats.count(images, 'image')}** of {len(counts)} classes; {formats.percent(most / images)} are {name}"
