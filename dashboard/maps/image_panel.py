"""One image of a map from close up: what it is, what a run said of it, what lies near it in feature space."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import streamlit as st

from core.data.datasets import Dataset
from core.embeddings import Source
from core.errors import LabError, MapError
from core.maps import MapConfig
from core.maps.nearby import Near
from dashboard import server
from dashboard.map_view.view import Picked
from dashboard.ui import choices, components, formats, image_grid, task_progress

POLL = 0.5  # seconds between two looks at the worker
SIZE = 256  # pixels of the image
TILE = 96  # pixels of a neighbour
_PANEL = "panel"  # in the address bar: what stands beside the map


def panel(titles: Mapping[str, str]) -> str:
    """A switch between what can stand beside a map; `look_at` and `follow` turn it."""
    return choices.titled(
        st.segmented_control,
        _PANEL,
        "Beside the map",
        dict(titles),
        required=True,
        wrap=True,
        label_visibility="collapsed",
    )


def asked(rows: np.ndarray) -> int | None:
    """Row id of the image that the visitor looks at, if it is on the map (rows (n,) ascending)."""
    row = image_grid.asked()
    return row if row is not None and row in rows else None


def neighbours(config: MapConfig, row: int | None) -> Near | LabError | None:
    """What is nearest to an image, or why that is not known; None without an image, and while the worker looks."""
    try:
        return None if row is None else server.maps.near(config.source, row, config.metric)
    except LabError as error:
        return error


def ringed(near: Near | LabError | None) -> list[int]:
    """Row ids that get a ring on the map."""
    return near.rows.tolist() if isinstance(near, Near) else []


def look_at(row: int) -> None:
    """Look at an image, whatever stood beside the map; for callbacks."""
    image_grid.ask(row)
    _turn("point")


def follow(picked: Picked) -> None:
    """Look at what was clicked, list what was lassoed; for callbacks of the view."""
    if picked.last == "click" and picked.clicked is not None:
        look_at(picked.clicked)
    elif picked.last == "choice" and len(picked.rows):
        _turn("chosen")


def show(
    config: MapConfig,
    dataset: Dataset,
    row: int | None,
    predictions: pd.DataFrame | None,
    near: Near | LabError | None,
) -> None:
    """The image, and its neighbours; without a row, how to choose one.

    Args:
        predictions: Of the run that colours the map, as `runs.predictions` gives them.
        near: What `neighbours` gave.
    """
    if row is None:
        st.caption(
            ":material/touch_app: Point at a dot to see its image; press it to keep it here with its neighbours."
        )
        return
    st.image(components.thumbnail(dataset.images[row], SIZE), width=SIZE, alt=f"Image {row}")
    st.markdown(what(dataset, row, predictions))
    if near is None:
        st.fragment(_wait, run_every=POLL)(config.source, config.metric, row)
    elif isinstance(near, MapError):
        gone(config.source, near)
    elif isinstance(near, LabError):
        components.show_error(near)
    else:
        st.markdown(alike(near, dataset, int(dataset.labels[row])))
        tiles(near, dataset, key="near")


def what(dataset: Dataset, row: int, predictions: pd.DataFrame | None) -> str:
    """An image in words, Markdown."""
    text = f"**{dataset.class_names[dataset.labels[row]]}** · image {row}"
    said = None if predictions is None else predictions[predictions["row"] == row]
    if said is None or said.empty:
        return text
    prediction, sure = int(said["prediction"].iloc[0]), float(said["confidence"].iloc[0])
    right = prediction == dataset.labels[row]
    taken = "rightly called so" if right else f"taken for **{dataset.class_names[prediction]}**"
    return f"{text}  \n{taken}, {formats.percent(sure)} sure"


def alike(near: Near, dataset: Dataset, label: int) -> str:
    """How many of the nearest images are of a class, Markdown."""
    same = int((dataset.labels[near.rows] == label).sum())
    name = dataset.class_names[label]
    return f"Nearest in feature space: {same} of {len(near.rows)} are **{name}** too; they have rings"


def tiles(near: Near, dataset: Dataset, *, key: str) -> None:
    """Images with class and distance; a press leads to the image."""
    with st.container(horizontal=True, gap="xsmall"):
        for row, distance in zip(near.rows.tolist(), near.distances.tolist(), strict=True):
            name = dataset.class_names[dataset.labels[row]]
            with st.container(width=TILE, gap="xxsmall"):
                st.image(components.thumbnail(dataset.images[row], TILE), width=TILE, alt=f"Image {row}: {name}")
                st.button(
                    f"{name} {distance:.3g}",
                    key=f"{key}-{row}",
                    type="tertiary",
                    on_click=look_at,
                    args=(row,),
                    help=f"Image {row}, at a distance of {distance:.4g}: press to see where it lies",
                )


def gone(source: Source, error: MapError) -> None:
    """The vectors were cleared away: say so, and offer to compute them again."""
    task = server.maps.features_task(source)
    if task.running:
        st.fragment(_wait_for_features, run_every=POLL)(source)
        return
    st.warning(f"{error.remedy}.", title=error.received)
    st.button("Compute them again", icon=":material/replay:", on_click=task_progress.begin, args=([task],))


def _turn(panel: str) -> None:
    st.session_state[_PANEL] = panel
    if panel == "point":
        st.query_params.pop(_PANEL, None)
    else:
        st.query_params[_PANEL] = panel


def _wait(source: Source, metric: str, row: int) -> None:
    if not server.maps.looking_near(source, row, metric):
        st.rerun()  # the page says what was found, and rings it
    st.caption(":material/hourglass_top: Looking for its neighbours")


def _wait_for_features(source: Source) -> None:
    if not server.maps.features_task(source).running:
        st.rerun()
    st.caption(":material/hourglass_top: Computing the features again")
