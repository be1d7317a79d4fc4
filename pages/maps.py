"""Maps: all images as a network sees them, similar ones close together."""

import streamlit as st

from core.errors import LabError
from dashboard import server
from dashboard.map_view import view as map_view
from dashboard.maps import choices, colouring, image_panel, photo_panel, progress, quality, selection_panel
from dashboard.state import visitor
from dashboard.ui import components

VIEW = "map-view"
PANELS = {"point": "Image", "chosen": "Selection", "photo": "Photo"}

components.page_header("Maps", "Which images look alike to a network, and does it keep your classes apart?")
components.need_runs()
try:
    config, widgets = choices.show()
    dataset, rows = server.datasets.get(config.source.dataset), server.maps.rows(config.source)
    drawn = server.maps.drawn(config)
    if drawn is None:
        progress.show(config, dataset, rows)
        st.stop()
    with widgets:
        shown = colouring.choose(config.source, dataset, drawn.rows)
except LabError as error:
    components.show_missing(error)
    st.stop()


drawn_rows = drawn.rows


def follow_the_view() -> None:
    """Show the image that was clicked, or list those that were lassoed."""
    image_panel.follow(map_view.picked(VIEW, drawn_rows))


row = image_panel.selected(drawn.rows)
photo = photo_panel.placed(config)
projected = visitor.get().projector  # a projected map needs the whole width
left, right = (st.container(), st.container()) if projected else st.columns([15, 5], gap="small")
with right:
    panel = image_panel.panel(PANELS)
near = image_panel.neighbours(config, row)
ringed = image_panel.ringed(photo if panel == "photo" else near)
with left:
    picked = map_view.show(
        [map_view.Panel(drawn.key, server.maps.title(config))],
        drawn.rows,
        dataset,
        shown.columns,
        key=VIEW,
        colour=shown.colour,
        focus=[] if row is None else [row],
        marked=ringed,
        pins=[] if photo is None or photo.position is None else [photo.position.tolist()],
        on_change=follow_the_view,
    )
    quality.show(drawn)
with right:
    if panel == "point":
        image_panel.show(config, dataset, row, shown.predictions, near)
    elif panel == "chosen":
        selection_panel.show(drawn, dataset, picked.rows, shown.predictions)
    else:
        photo_panel.show(config, dataset)
