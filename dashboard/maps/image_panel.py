"""One image of a map in detail: its class, a run's prediction, and its neighbours in feature space."""

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
from dashboard.state import address
from dashboard.ui import choices, components, formats, image_grid, task_progress

POLL = 0.5  # seconds between polls of the worker
SIZE = 256  # pixels of the image
TILE = 96  # pixels of a neighbour
_PANEL = "panel"  # in the address bar: what is shown beside the map


def panel(titles: Mapping[str, str]) -> str:
    """A switch between the panels beside a map; `look_at` and `follow` set it."""
    return choices.titled(
        st.segmented_control,
        _PANEL,
        "Beside the map",
        dict(titles),
        required=True,
        wrap=True,
        label_visibility="collapsed",
    )


def selected(rows: np.ndarray) -> int | None:
    """Row id of the image that the visitor selected, if it is on the map (rows (n,) ascending)."""
    row = image_grid.selected()
    if row is None or row in rows:
        return row
    if address.linked(image_grid.ROW):
        address.refuse(image_grid.ROW, "Image", str(row), "is not on this map")
    return None


def neighbours(config: MapConfig, row: int | None) -> Near | LabError | None:
    """The nearest images, or the error instead; None without an image, and while the worker searches."""
    try:
        return None if row is None else server.maps.near(config.source, row, config.metric)
    except LabError as error:
        return error


def ringed(near: Near | LabError | None) -> list[int]:
    """Row ids that get a ring on the map."""
    return near.rows.tolist() if isinstance(near, Near) else []


def look_at(row: int) -> None:
    """Show an image beside the map; for callbacks."""
    image_grid.select(row)
    _switch("point")


def follow(picked: Picked) -> None:
    """Show the image that was clicked, or list those that were lassoed; for callbacks of the view."""
    if picked.last == "click" and picked.clicked is not None:
        look_at(picked.clicked)
    elif picked.last == "choice" and len(picked.rows):
        _switch("chosen")


def show(
    config: MapConfig,
    dataset: Dataset,
    row: int | None,
    predictions: pd.DataFrame | None,
    near: Near | LabError | None,
) -> None:
    """Draw the image and its neighbours; without a row, say how to choose one.

    Args:
        predictions: Of the run whose predictions the map shows: `runs.predictions`.
        near: What `neighbours` returned.
    """
    if row is None:
        st.caption(
            ":material/touch_app: Point at a dot to see its image; click it to keep it here with its neighbours."
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
        st.markdown(same_class(near, dataset, int(dataset.labels[row])))
        tiles(near, dataset, key="near")


def what(dataset: Dataset, row: int, predictions: pd.DataFrame | None) -> str:
    """Class and prediction of an image, Markdown."""
    text = f"**{formats.plain(dataset.class_names[dataset.labels[row]])}** · image {row}"
    prediction = None if predictions is None else predictions[predictions["row"] == row]
    if prediction is None or prediction.empty:
        return text
    code, confidence = int(prediction["prediction"].iloc[0]), float(prediction["confidence"].iloc[0])
    right = code == dataset.labels[row]
    outcome = "predicted correctly" if right else f"predicted as **{formats.plain(dataset.class_names[code])}**"
    return f"{text}  \n{outcome}, confidence {formats.percent(confidence)}"


def same_class(near: Near, dataset: Dataset, label: int) -> str:
    """How many of the nearest images have a label, Markdown."""
    same = int((dataset.labels[near.rows] == label).sum())
    name = formats.plain(dataset.class_names[label])
    return f"Nearest in feature space (ringed on the map): {same} of {len(near.rows)} are **{name}** too"


def tiles(near: Near, dataset: Dataset, *, key: str) -> None:
    """Images with class and distance; a click selects the image."""
    with st.container(horizontal=True, gap="xsmall"):
        for row, distance in zip(near.rows.tolist(), near.distances.tolist(), strict=True):
            name = dataset.class_names[dataset.labels[row]]
            with st.container(width=TILE, gap="xxsmall"):
                st.image(components.thumbnail(dataset.images[row], TILE), width=TILE, alt=f"Image {row}: {name}")
                st.button(
                    f"{formats.plain(name)} {distance:.3g}",
                    key=f"{key}-{row}",
                    type="tertiary",
                    on_click=look_at,
                    args=(row,),
                    help=f"Image {row}, at a distance of {distance:.4g}: click to find it on the map",
                )


def gone(source: Source, error: MapError) -> None:
    """Say that the features were deleted, and offer to compute them again."""
    task = server.maps.features_task(source)
    if task.running:
        st.fragment(_wait_for_features, run_every=POLL)(source)
        return
    st.warning(formats.message(f"{error.remedy}."), title=formats.message(error.received))
    st.button("Compute them again", icon=":material/replay:", on_click=task_progress.begin, args=([task],))


def _switch(panel: str) -> None:
    st.session_state[_PANEL] = panel
    if panel == "point":
        address.write(_PANEL, None)
    else:
        address.write(_PANEL, panel)


def _wait(source: Source, metric: str, row: int) -> None:
    if not server.maps.looking_near(source, row, metric):
        components.redraw()  # shows and rings the neighbours
    st.caption(":material/hourglass_top: Finding its neighbours")


def _wait_for_features(source: Source) -> None:
    if not server.maps.features_task(source).running:
        components.redraw()
    st.caption(":material/hourglass_top: Computing the features again")
