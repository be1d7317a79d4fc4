"""Several maps that belong together and are not all there yet: one button, one progress, one way to stop."""

import streamlit as st

from core import embeddings
from core.maps import MapConfig
from dashboard import server
from dashboard.maps import drawing
from dashboard.ui import formats


def draw(missing: list[MapConfig], label: str) -> None:
    """Show in their place what they would take, how far they are, or what kept them.

    Args:
        missing: In the order they are to be drawn: one that starts from another comes after it.
        label: Of the button: Draw both maps.
    """
    if any(server.maps.drawing(config) for config in missing):
        st.fragment(drawing.live, run_every=drawing.POLL)(missing)
        return
    drawing.what_happened(next((error for each in missing if (error := server.maps.drawing_failed(each))), None))
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.button(
            label, type="primary", icon=":material/scatter_plot:", key="draw-several", on_click=_draw, args=(missing,)
        )
        st.markdown(f":gray[{formats.count(len(missing), 'map')}. {_takes(missing)}]", width="content")


def _takes(missing: list[MapConfig]) -> str:
    """What the networks still have to look at; of those that have seen everything only where all have."""
    images = len(server.maps.map_rows(missing[0].source))
    looked_at = dict.fromkeys(config.source for config in missing)
    still = [source for source in looked_at if embeddings.missing(source)]
    takes = [drawing.what_it_takes(source, images) for source in still or [missing[0].source]]
    return " ".join(dict.fromkeys(takes))


def _draw(missing: list[MapConfig]) -> None:
    for config in missing:
        server.maps.draw(config)
