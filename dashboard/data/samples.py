"""Sample images of a dataset by class."""

import numpy as np
import streamlit as st

from core.data.datasets import Dataset
from dashboard.state import visitor
from dashboard.ui import contact_sheet, formats

CLASSES_AT_ONCE = 10
_SEED = "samples-seed"  # in the session


def show(dataset: Dataset) -> None:
    """A strip of images for each class, with a button to show others."""
    names, start = dataset.class_names, 0
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if len(names) > CLASSES_AT_ONCE:
            start = st.selectbox(
                "Classes",
                range(0, len(names), CLASSES_AT_ONCE),
                format_func=lambda first: f"{names[first]} to {names[first : first + CLASSES_AT_ONCE][-1]}",
                width=360,
            )
        if st.button("Show others", icon=":material/shuffle:"):
            st.session_state[_SEED] = st.session_state.get(_SEED, 0) + 1
    per_class = 8 if visitor.get().projector else 10
    for label in range(start, min(start + CLASSES_AT_ONCE, len(names))):
        name_column, images_column = st.columns([1, 7], vertical_alignment="center", gap="small")
        name_column.markdown(f"**{formats.plain(names[label])}**")
        rows = contact_sheet.rows_of_class(dataset, label, per_class, seed=st.session_state.get(_SEED, 0))
        images_column.image(
            contact_sheet.strip(dataset.images[np.sort(rows)], columns=per_class), alt=f"Samples of {names[label]}"
        )
