"""One finished run from close up: which classes it takes for which, and the images behind every number."""

import numpy as np
import pandas as pd
import streamlit as st

from core.errors import LabError
from dashboard import charts, components, formats, resources, selections

MOST = 24  # images shown of a cell


def show(run: pd.Series) -> None:
    """The confusion matrix with the images of the chosen cell beside it; accuracy of each class; curves."""
    run_id = run["run_id"]
    counts = resources.confusion(run_id)
    left, right = st.columns([7, 5], gap="large")
    with left:
        st.markdown("**What it takes for what.** Choose a cell to see its images.")
        event = components.chart(
            charts.confusion(counts), key=f"confusion-{run_id}", alt="Confusion matrix", selection="points"
        )
    with right:
        _cell(run, counts, selections.cell(event) or _worst(counts))
    st.markdown("**How well it knows each class**")
    components.chart(charts.per_class(counts), key=f"classes-{run_id}", alt="Accuracy of each class with its interval")
    curves = resources.curves(run_id)
    if not curves.empty:
        st.markdown("**How it learned**")
        components.chart(charts.curves(curves), key=f"curves-{run_id}", alt="Training curves")
    with st.expander("Everything that decided this result", icon=":material/tune:"):
        st.table(run.dropna().astype(str).rename(""), border="horizontal")


def _cell(run: pd.Series, counts: pd.DataFrame, cell: tuple[str, str]) -> None:
    true, predicted = cell
    predictions = resources.predictions(run["run_id"])
    rows = selections.cell_rows(predictions, list(counts.columns), cell)
    right = "rightly called" if true == predicted else "taken for"
    st.markdown(f"**{true}** {right} **{predicted}**: {formats.count(len(rows), 'image')}, the surest first")
    try:
        dataset = resources.dataset(run["dataset"])
    except LabError as error:
        components.show_error(error)
        return
    found = predictions.set_index("row").loc[rows[:MOST]]
    if len(dataset.labels) <= predictions["row"].max() or (dataset.labels[found.index] != found["label"]).any():
        st.warning("Its images cannot be shown.", title="The dataset has changed since this run")
        return
    components.image_grid(dataset.images[found.index], [formats.percent(sure) for sure in found["confidence"]])
    if len(rows) > MOST:
        st.caption(f"and {formats.count(len(rows) - MOST)} more")


def _worst(counts: pd.DataFrame) -> tuple[str, str]:
    """The confusion that happens most often: something true to look at before anybody asks."""
    wrong = counts.to_numpy().copy()
    np.fill_diagonal(wrong, -1)
    true, predicted = np.unravel_index(wrong.argmax(), wrong.shape)
    return str(counts.index[true]), str(counts.columns[predicted])
