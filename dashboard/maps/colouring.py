"""By what a map is coloured, and whose predictions that means."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import streamlit as st

from core.data.datasets import Dataset
from core.embeddings import Source
from dashboard import server
from dashboard.map_view import Column
from dashboard.maps import columns as map_columns
from dashboard.run import versus
from dashboard.state import address
from dashboard.ui import choices, image_grid

OF_IMAGES = {"class": "Class", "split": "Split"}
OF_A_RUN = {"prediction": "Prediction", "right": "Right or wrong", "confidence": "Confidence"}
OF_TWO = {"difference": "Which of two runs is right"}


@dataclass(frozen=True, eq=False)
class Colours:
    """What a map shows beside places."""

    colour: str  # name of the column that colours
    columns: list[Column]
    predictions: pd.DataFrame | None  # of the run whose answers are shown, if there is one


def choose(source: Source, dataset: Dataset, rows: np.ndarray) -> Colours:
    """Widgets for the colour, and for the runs that it needs, in the container they are called in.

    Args:
        rows: Row ids (n,) of the map.
    """
    runs = _runs(source)
    titles = OF_IMAGES | (OF_A_RUN if len(runs) else {}) | (OF_TWO if len(runs) > 1 else {})
    if st.session_state.get("colour") not in titles:  # of another dataset, which has runs
        st.session_state.pop("colour", None)
    colour = choices.titled(st.selectbox, "colour", "Colour by", titles, width=190)
    columns = map_columns.of_images(dataset, rows, server.datasets.splits(dataset))
    if runs.empty:
        return Colours(colour, columns, None)
    first = _choose_run(runs, "said", "Said by", shown=colour in OF_A_RUN | OF_TWO)
    if image_grid.dataset_of(first) is None:  # it says why
        return Colours(colour if colour in OF_IMAGES else "class", columns, None)
    predictions = server.runs.predictions(first["run_id"])
    columns += map_columns.of_run(dataset, rows, predictions)
    if colour in OF_TWO:
        second = _choose_run(runs[runs["run_id"] != first["run_id"]], "against", "Against", shown=True)
        names = versus.names_of(first, second)
        columns.append(
            map_columns.of_two_runs(dataset, rows, predictions, server.runs.predictions(second["run_id"]), names)
        )
    return Colours(colour, columns, predictions)


def _runs(source: Source) -> pd.DataFrame:
    """Runs that said something of images of this dataset: the map's own first, then the newest."""
    table = server.runs.table()
    found = table[(table["dataset"] == source.dataset) & table["accuracy"].notna()]
    return found.sort_values("run_id", key=lambda ids: ids != source.run, kind="stable")


def _choose_run(runs: pd.DataFrame, key: str, label: str, *, shown: bool) -> pd.Series:
    titles = {run["run_id"]: choices.run_title(run) for _, run in runs.iterrows()}
    by_id = runs.set_index("run_id", drop=False)
    if st.session_state.get(key) not in titles:
        st.session_state.pop(key, None)
    asked = address.said(key)
    if not shown:
        return by_id.loc[asked if asked in titles else next(iter(titles))]
    return by_id.loc[choices.titled(st.selectbox, key, label, titles, width=320)]
