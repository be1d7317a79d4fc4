"""Maps: what a network sees of all images at once, drawn so that alike lies near alike; walk in it and ask."""

import streamlit as st

from core.errors import LabError
from dashboard import (
    components,
    map_choices,
    map_chosen,
    map_colours,
    map_drawing,
    map_photo,
    map_point,
    map_quality,
    map_view,
    resources,
    state,
)

VIEW = "map-view"
PANELS = {"point": "Image", "chosen": "Selection", "photo": "Photo"}

components.page_header("Maps", "Which images does a network take for alike, and does it keep your classes apart?")
components.need_runs()
try:
    config, how = map_choices.show(resources.runs_table())
    dataset, rows = resources.dataset(config.source.dataset), resources.map_rows(config.source)
    found = resources.drawn(config)
    if found is None:
        map_drawing.show(config, dataset, rows)
        st.stop()
    with how:
        shown = map_colours.choose(config.source, dataset, found.rows)
except LabError as error:
    components.show_missing(error)
    st.stop()


def follow_the_view() -> None:
    """What was clicked is looked at; what was lassoed is listed."""
    map_point.follow(map_view.picked(VIEW, found.rows))


row = map_point.asked(found.rows)
photo = map_photo.placed(config)
projected = state.get().projector  # then the map needs the whole width to be read
left, right = (st.container(), st.container()) if projected else st.columns([13, 5], gap="small")
with right:
    panel = map_point.panel(PANELS)
near = map_point.neighbours(config, row)
ringed = map_point.ringed(photo if panel == "photo" else near)
with left:
    picked = map_view.show(
        [map_view.Panel(found.key, resources.map_title(config))],
        found.rows,
        dataset,
        shown.columns,
        key=VIEW,
        colour=shown.colour,
        focus=[] if row is None else [row],
        marked=ringed,
        pins=[] if photo is None else [photo.position],
        on_change=follow_the_view,
    )
    map_quality.show(found)
with right:
    if panel == "point":
        map_point.show(config, dataset, row, shown.predictions, near)
    elif panel == "chosen":
        map_chosen.show(found, dataset, picked.rows, shown.predictions)
    else:
        map_photo.show(config, dataset)
