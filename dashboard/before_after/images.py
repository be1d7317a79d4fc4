"""The images that a fine-tune fixed and those it broke, each leading to its place on the maps; one from close up."""

import numpy as np
import pandas as pd
import streamlit as st

from core.data.datasets import Dataset
from core.errors import LabError
from core.maps import MapConfig
from core.maps.nearby import Near
from core.runs import RunRow
from dashboard import server
from dashboard.state import visitor
from dashboard.ui import choices, components, contact_sheet, formats, image_grid, notable_images

POLL = 0.5  # seconds between updates at the worker
SIZE = 160  # pixels of the image from close up
AT_ONCE = 60  # images of a list
WIDE = 176  # pixels of an image's place on a projector
HEIGHT = 420  # pixels; a list is walked through beside the maps
LISTS = {"fixed": "Fixed", "broken": "Broken"}


def lists(run: RunRow, dataset: Dataset, both: pd.DataFrame) -> None:
    """A switch between the two lists, and the images of the chosen one.

    Args:
        both: As `comparison.of_fine_tune` gives it.
    """
    rows = {"fixed": notable_images.only_first_right(both), "broken": notable_images.only_second_right(both)}
    titles = {name: f"{title} · {len(rows[name])}" for name, title in LISTS.items()}
    shown = choices.titled(
        st.segmented_control, "changed", "Images", titles, required=True, label_visibility="collapsed"
    )
    st.caption(
        "The head was wrong before and is right after." if shown == "fixed" else "It was right before and is wrong now."
    )
    with st.container(height=HEIGHT, border=False):
        found, names = both.set_index("row"), dataset.class_names
        told = found.loc[rows[shown][:AT_ONCE]]
        captions = [
            f"**{names[label]}**  \n{names[before]} → {names[after]}"
            for label, before, after in zip(told["label"], told["prediction_other"], told["prediction"], strict=True)
        ]
        _wall(dataset, told.index.to_numpy(), captions, key=shown)
        if len(rows[shown]) > AT_ONCE:
            st.caption(f"and {formats.count(len(rows[shown]) - AT_ONCE)} more")


def one(dataset: Dataset, row: int, both: pd.DataFrame | None, pair: tuple[MapConfig, MapConfig]) -> None:
    """An image from close up: what the head said of it before and after, and the company it kept."""
    name = dataset.class_names[dataset.labels[row]]
    st.image(components.thumbnail(dataset.images[row], SIZE), width=SIZE, alt=f"Image {row}: {name}")
    st.markdown(f"**{name}** · image {row}")
    if both is not None and row in set(both["row"]):
        said = both[both["row"] == row].iloc[0]
        st.markdown(
            f"Before: {_said(dataset, said['prediction_other'], said['confidence_other'], said['right_other'])}  \n"
            f"After: {_said(dataset, said['prediction'], said['confidence'], said['right'])}"
        )
    waiting = not all(_near(config, row) for config in pair)
    st.fragment(_company, run_every=POLL if waiting else None)(dataset, row, pair, waiting=waiting)


def _company(dataset: Dataset, row: int, pair: tuple[MapConfig, MapConfig], *, waiting: bool) -> None:
    """Its nearest neighbours in the space of features, before and after."""
    try:
        before, after = (server.maps.near(config.source, row, config.metric) for config in pair)
    except LabError as error:
        components.show_error(error)
        return
    if before is None or after is None:
        st.caption(":material/hourglass_top: Looking for its neighbours")
        return
    if waiting:
        st.rerun()  # the page stops looking
    label = int(dataset.labels[row])
    for when, near in (("before", before), ("after", after)):
        st.caption(company(near, dataset, label, when))
        st.image(contact_sheet.strip(dataset.images[near.rows], places=len(near.rows)), alt=f"Its neighbours {when}")


def company(near: Near, dataset: Dataset, label: int, when: str) -> str:
    """How many of the nearest images are of a class: Nearest before: 3 of 8 are cat too."""
    same = int((dataset.labels[near.rows] == label).sum())
    return f"Nearest {when}: {same} of {len(near.rows)} are **{dataset.class_names[label]}** too"


def _near(config: MapConfig, row: int) -> Near | None:
    try:
        return server.maps.near(config.source, row, config.metric)
    except LabError:
        return None  # it is told where the neighbours would be


def _said(dataset: Dataset, prediction: int, sure: float, right: bool) -> str:
    mark = ":material/check:" if right else ":material/close:"
    return f"{mark} {dataset.class_names[int(prediction)]}, {formats.percent(float(sure))} sure"


def _wall(dataset: Dataset, rows: np.ndarray, captions: list[str], *, key: str) -> None:
    room = WIDE if visitor.get().projector else image_grid.TILE  # larger letters break words
    with st.container(horizontal=True, gap="xsmall"):
        for row, caption in zip(rows.tolist(), captions, strict=True):
            with st.container(width=room, gap="xxsmall"):
                alt = f"Image {row}: {caption.replace('*', '')}"
                image = components.thumbnail(dataset.images[row], image_grid.TILE)
                st.image(image, width=image_grid.TILE, alt=alt)
                st.button(
                    caption,
                    key=f"{key}-{row}",
                    help=f"Image {row}: where does it lie?",
                    on_click=image_grid.ask,
                    args=(row,),
                    width="stretch",
                )
