"""The choice of a map's colours, and of the runs whose predictions they show."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import streamlit as st

from core.data.datasets import Dataset
from core.embeddings import Source
from core.runs import RunRow
from dashboard import server
from dashboard.map_view.columns import Column
from dashboard.maps import columns as map_columns
from dashboard.run import versus
from dashboard.state import address
from dashboard.ui import choices, image_grid

OF_IMAGES = {"class": "Class", "split": "Split"}
OF_PEOPLE = {"person": "Person"}
OF_A_RUN = {"prediction": "Prediction", "right": "Right or wrong", "confidence": "Confidence"}
OF_TWO = {"difference": "Which of two runs is right"}


@dataclass(frozen=True, eq=False)
class Colours:
    """What a map shows in addition to positions."""

    colour: str  # name of the column that colours the points
    columns: list[Column]
    predictions: pd.DataFrame | None  # of the run whose predictions are shown, if any


def choose(source: Source, dataset: Dataset, rows: np.ndarray) -> Colours:
    """Draw widgets for the colour and for the runs that it needs.

    Args:
        rows: Row ids (n,) of the map.
    """
    runs = _runs(source)
    of_people = OF_PEOPLE if dataset.people else {}
    titles = OF_IMAGES | of_people | (OF_A_RUN if runs else {}) | (OF_TWO if len(runs) > 1 else {})
    colour = choices.titled(st.selectbox, "colour", "Colour by", titles, width=190)
    columns = map_columns.of_images(dataset, rows, server.datasets.splits(dataset))
    if not runs:
        return Colours(colour, columns, None)
    first = _choose_run(runs, "said", "Predictions of", shown=colour in OF_A_RUN | OF_TWO)
    if image_grid.dataset_of(first) is None:  # `dataset_of` has shown why
        return Colours(colour if colour in OF_IMAGES | of_people else "class", columns, None)
    predictions = server.runs.predictions(first.id)
    columns += map_columns.of_run(dataset, rows, predictions)
    if colour in OF_TWO:
        second = _choose_run([run for run in runs if run.id != first.id], "against", "Against", shown=True)
        names = versus.names_of(first, second)
        columns.append(map_columns.of_two_runs(dataset, rows, predictions, server.runs.predictions(second.id), names))
    return Colours(colour, columns, predictions)


def _runs(source: Source) -> list[RunRow]:
    """Runs with predictions for this dataset: the map's own first, then the newest."""
    runs = [run for run in choices.single_runs() if run.config.dataset == source.dataset and run.has_result]
    return sorted(runs, key=lambda run: run.id != source.run)


def _choose_run(runs: Sequence[RunRow], key: str, label: str, *, shown: bool) -> RunRow:
    titles = choices.run_titles(runs)
    by_id = {run.id: run for run in runs}
    if not shown:
        requested = address.one_of(key, label, titles)
        return by_id[requested] if requested in by_id else runs[0]
    return by_id[choices.titled(st.selectbox, key, label, titles, width=320)]
