"""What of a look into the layers is not there yet: what it takes, one button for all of it, how far it is, a stop."""

import streamlit as st

from core.embeddings import title
from core.errors import LabError
from core.maps import METHODS, MapConfig
from dashboard import server
from dashboard.layers.choices import Asked
from dashboard.maps import drawing as map_drawing
from dashboard.ui import formats

POLL = 0.5  # seconds between two looks


def show(asked: Asked, missing: list[MapConfig], *, probed: bool) -> None:
    """Draw it.

    Args:
        missing: Maps that are not drawn yet, in the order they are to be drawn.
        probed: Whether the linear probes are there.
    """
    if _busy(asked, missing):
        st.fragment(_live, run_every=POLL)(asked, missing, probed=probed)
        return
    failures = [server.layers.layers_failed(asked.source, asked.n_train), *map(server.maps.drawing_failed, missing)]
    map_drawing.what_happened(next((error for error in failures if error), None))
    with st.container(border=True):
        st.markdown(f"**{title(asked.source)}**")
        st.markdown(
            ":gray[One pass over the images keeps what leaves several blocks of the network. Then a linear head is "
            f"trained on each and tested once, and each gets a map by {METHODS[asked.method].title}.]"
        )
        with st.container(horizontal=True, vertical_alignment="center"):
            st.button(
                "Look into the layers", type="primary", icon=":material/layers:", key="look-into", on_click=_begin,
                args=(asked, missing), kwargs={"probed": probed},
            )  # fmt: skip
            if missing:
                images = len(server.maps.map_rows(asked.source))
                st.markdown(f":gray[{map_drawing.what_it_takes(missing[0].source, images)}]", width="content")


def wait_for_depths(backbone: str, input_size: int) -> None:
    """A fragment that waits for the worker to say where a network can be looked into."""
    if server.layers.depths(backbone, input_size) is not None:
        st.rerun()
    st.skeleton(height=240)


def _live(asked: Asked, missing: list[MapConfig], *, probed: bool) -> None:
    """A fragment; it has the page drawn anew whenever a part is finished, so that what is there can be looked at."""
    drawing = [config for config in missing if server.maps.drawing(config)]
    probing = server.layers.probing_layers(asked.source, asked.n_train)
    begun = "layers-begun"
    if st.session_state.get(begun) not in (None, (len(drawing), probing)) or not (drawing or probing):
        st.session_state.pop(begun, None)
        st.rerun()
    st.session_state[begun] = (len(drawing), probing)
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{title(asked.source)}**")
            st.button(
                "Cancel", icon=":material/stop_circle:", key="cancel-layers", on_click=_cancel, args=(asked, missing)
            )
        if probing:
            moment = server.layers.layers_progress(asked.source, asked.n_train)
            text = formats.progress(moment) if moment else "Starting"
            st.progress(moment.fraction if moment else 0.0, text=f"Linear probes · {text}")
        if drawing:
            moment = server.maps.drawing_progress(drawing[0])
            text = formats.progress(moment) if moment else "Waiting"
            left = formats.count(len(drawing), "map")
            st.progress(moment.fraction if moment else 0.0, text=f"{left} to draw · {text}")


def _busy(asked: Asked, missing: list[MapConfig]) -> bool:
    return server.layers.probing_layers(asked.source, asked.n_train) or any(map(server.maps.drawing, missing))


def _begin(asked: Asked, missing: list[MapConfig], *, probed: bool) -> None:
    try:
        if not probed:
            server.layers.probe_layers(asked.source, asked.n_train)
        for config in missing:
            server.maps.draw(config)
    except LabError as error:
        st.toast(str(error), icon=":material/error:")


def _cancel(asked: Asked, missing: list[MapConfig]) -> None:
    server.layers.cancel_layers(asked.source, asked.n_train)
    for config in missing:
        server.maps.cancel_drawing(config)
