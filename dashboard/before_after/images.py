"""The images that a fine-tune fixed and those it broke, each linked to its point on the maps; one image in detail."""

import numpy as np
import pandas as pd
import streamlit as st

from core.data.datasets import Dataset
from core.errors import LabError
from core.maps import MapConfig
from core.maps.nearby import Near
from dashboard import server
from dashboard.state import visitor
from dashboard.ui import choices, components, contact_sheet, formats, image_grid, notable_images

POLL = 0.5  # seconds between updates at the worker
SIZE = 160  # pixels of the image in detail
AT_ONCE = 60  # images of a list
WIDE = 176  # pixels of an image's column on a projector
HEIGHT = 420  # pixels; a list scrolls beside the maps
LISTS = {"fixed": "Fixed", "broken": "Broken"}


def lists(dataset: Dataset, both: pd.DataFrame) -> None:
    """A switch between the two lists, and the images of the chosen one.

    Args:
        both: What `comparison.of_fine_tune` returns.
    """
    rows = {"fixed": notable_images.only_first_right(both), "broken": notable_images.only_second_right(both)}
    titles = {name: f"{title} · {len(rows[name])}" for name, title in LISTS.items()}
    shown = choices.titled(
        st.segmented_control, "changed", "Images", titles, required=True, label_visibility="collapsed"
    )
    st.caption(
        "The head was wrong before and is right after."
        if shown == "fixed"
        else "The head was right before and is wrong after."
    )
    with st.container(height=HEIGHT, border=False):
        images = both.set_index("row").loc[rows[shown][:AT_ONCE]]
        names = [formats.plain(name) for name in dataset.class_names]
        predictions = zip(images["label"], images["prediction_other"], images["prediction"], strict=True)
        captions = [f"**{names[label]}**  \n{names[before]} → {names[after]}" for label, before, after in predictions]
        _grid(dataset, images.index.to_numpy(), captions, key=shown)
        if len(rows[shown]) > AT_ONCE:
            st.caption(f"and {formats.count(len(rows[shown]) - AT_ONCE)} more")


def one(dataset: Dataset, row: int, both: pd.DataFrame | None, pair: tuple[MapConfig, MapConfig]) -> None:
    """An image in detail: the head's prediction and the nearest neighbours, before and after."""
    name = dataset.class_names[dataset.labels[row]]
    st.image(components.thumbnail(dataset.images[row], SIZE), width=SIZE, alt=f"Image {row}: {name}")
    st.markdown(f"**{formats.plain(name)}** · image {row}")
    if both is not None and row in set(both["row"]):
        image = both[both["row"] == row].iloc[0]
        before = _prediction(dataset, image["prediction_other"], image["confidence_other"], image["right_other"])
        after = _prediction(dataset, image["prediction"], image["confidence"], image["right"])
        st.markdown(f"Before: {before}  \nAfter: {after}")
    waiting = not all(_near(config, row) for config in pair)
    st.fragment(_neighbours, run_every=POLL if waiting else None)(dataset, row, pair, waiting=waiting)


def _neighbours(dataset: Dataset, row: int, pair: tuple[MapConfig, MapConfig], *, waiting: bool) -> None:
    """Its nearest neighbours in feature space, before and after."""
    try:
        before, after = (server.maps.near(config.source, row, config.metric) for config in pair)
    except LabError as error:
        components.show_error(error)
        return
    if before is None or after is None:
        st.caption(":material/hourglass_top: Finding its neighbours")
        return
    if waiting:
        components.redraw()  # stops the polling
    label = int(dataset.labels[row])
    for when, near in (("before", before), ("after", after)):
        st.caption(same_class(near, dataset, label, when))
        st.image(contact_sheet.strip(dataset.images[near.rows], columns=len(near.rows)), alt=f"Its neighbours {when}")


def same_class(near: Near, dataset: Dataset, label: int, when: str) -> str:
    """How many of the nearest images have a label: Nearest before: 3 of 8 are cat too."""
    same = int((dataset.labels[near.rows] == label).sum())
    return f"Nearest {when}: {same} of {len(near.rows)} are **{formats.plain(dataset.class_names[label])}** too"


def _near(config: MapConfig, row: int) -> Near | None:
    try:
        return server.maps.near(config.source, row, config.metric)
    except LabError:
        return None  # shown in place of the neighbours


def _prediction(dataset: Dataset, prediction: int, confidence: float, right: bool) -> str:
    mark = ":material/check:" if right else ":material/close:"
    name = formats.plain(dataset.class_names[int(prediction)])
    return f"{mark} {name}, confidence {formats.percent(float(confidence))}"


def _grid(dataset: Dataset, rows: np.ndarray, captions: list[str], *, key: str) -> None:
    width = WIDE if visitor.get().projector else image_grid.TILE  # large letters would not fit otherwise
    with st.container(horizontal=True, gap="xsmall"):
        for row, caption in zip(rows.tolist(), captions, strict=True):
            with st.container(width=width, gap="xxsmall"):
                alt = f"Image {row}: {caption.replace('*', '')}"
                image = components.thumbnail(dataset.images[row], image_grid.TILE)
                st.image(image, width=image_grid.TILE, alt=alt)
                st.button(
                    caption,
                    key=f"{key}-{row}",
                    help=f"Find image {row} on the maps",
                    on_click=image_grid.select,
                    args=(row,),
                    width="stretch",
                )
