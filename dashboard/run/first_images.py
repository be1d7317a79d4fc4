"""The first images of a result: how many are right, against guessing, and the run's surest mistakes."""

import streamlit as st

from core.errors import LabError
from core.runs import RunRow
from dashboard import server
from dashboard.run import confidence
from dashboard.ui import components, image_grid, notable_images

MOST, TILE = 3, 112  # images, and their size in pixels: one row beside the card and the map on a laptop
WIDTH = 400  # pixels of this row


def show(run: RunRow) -> None:
    """Draw them, or say why they cannot be drawn."""
    try:
        predictions, dataset = server.runs.predictions(run.id), image_grid.dataset_of(run)
    except LabError as error:
        components.show_error(error)
        return
    if dataset is None:
        return
    wrong = notable_images.surest_mistakes(predictions)
    right, images = len(predictions) - len(wrong), len(predictions)
    guessed = len(predictions) / len(dataset.class_names)
    st.markdown(f"#### {right:,} of {images:,} right; guessing would give {guessed:,.0f}", anchors=False)
    if not len(wrong):
        return
    rows = wrong[:MOST]
    st.markdown("Most confident mistakes:")
    with st.container(horizontal=True, gap="small"):
        for row, image, true, predicted in zip(
            rows.tolist(),
            dataset.images[rows],
            image_grid.truth(run, rows),
            image_grid.predicted(run, rows),
            strict=True,
        ):
            with st.container(width=TILE, gap="xxsmall"):
                st.image(
                    components.thumbnail(image, TILE), width=TILE, alt=f"Image {row}: {true}, mistaken for {predicted}"
                )
                st.caption(f"**{true}**, mistaken for {predicted}")
    components.link(
        "run", "See all of them, and why", icon=":material/search_insights:", run=run.id, view=confidence.TAB
    )
