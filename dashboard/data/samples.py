"""Sample images of a dataset by class, and the number of images of each class."""

import numpy as np
import pandas as pd
import streamlit as st

from core.data.datasets import Dataset
from dashboard.state import visitor
from dashboard.ui import charts, components, contact_sheet, formats

CLASSES_AT_ONCE = 10
NEARLY = 1.05  # a ratio of sizes below it is 1.0 in one decimal place
_SEED = "samples-seed"  # in the session


def show(dataset: Dataset) -> None:
    """A strip of images for each class, with a button to show others."""
    st.subheader("Samples", anchor=False)
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


def show_balance(dataset: Dataset) -> None:
    """The number of images of each class, in a sentence and a chart."""
    st.subheader("Class balance", anchor=False)
    images = np.bincount(dataset.labels, minlength=len(dataset.class_names))
    least, most = images.min(), images.max()
    st.markdown(balance(least, most))
    counts = pd.DataFrame({"class_name": np.array(dataset.class_names), "images": images})
    components.chart(charts.class_balance(counts), key="balance", alt=f"Images of each class, {least} to {most}")


def balance(least: int, most: int) -> str:
    """How far the numbers of images of the smallest and the largest class are apart, and what follows."""
    if least == most:
        return f"Every class has {formats.count(most, 'image')}."
    if (ratio := most / max(least, 1)) < NEARLY:
        return f"The classes are of nearly the same size: {formats.count(least)} to {formats.count(most)} images."
    return (
        f"The largest class has {ratio:.1f} times the images of the smallest: {formats.count(most)} to "
        f"{formats.count(least)}. Accuracy mostly reflects the large ones; check each class."
    )
