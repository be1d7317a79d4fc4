"""What of a look into the layers is not there yet: what it takes, one button for all of it, how far it is, a stop."""

import streamlit as st

from core.embeddings import title
from core.maps import METHODS, MapConfig
from dashboard import server
from dashboard.layers.choices import Asked
from dashboard.maps import drawing as map_drawing
from dashboard.ui import formats, task_progress

POLL = 0.5  # seconds between two looks
RUNNING = "layers-running"  # in the session: what ran at the last look


def show(asked: Asked, missing: list[MapConfig], *, probed: bool) -> None:
    """Draw it.

    Args:
        missing: Maps that are not drawn yet, in the order they are to be drawn.
        probed: Whether the linear probes are there.
    """
    probing = server.layers.task(asked.source, asked.n_train)
    tasks = [server.maps.task(config) for config in missing]
    if probing.running or any(task.running for task in tasks):
        st.fragment(_live, run_every=POLL)(asked, missing)
        return
    task_progress.why_it_ended(next((error for task in (probing, *tasks) if (error := task.error)), None))
    with st.container(border=True):
        st.markdown(f"**{title(asked.source)}**")
        st.markdown(
            ":gray[One pass over the images keeps what leaves several blocks of the network. Then a linear head is "
            f"trained on each and tested once, and each gets a map by {METHODS[asked.method].title}.]"
        )
        with st.container(horizontal=True, vertical_alignment="center"):
            st.button(
                "Look into the layers",
                type="primary",
                icon=":material/layers:",
                key="look-into",
                on_click=task_progress.begin,
                args=([*([] if probed else [probing]), *tasks],),
            )
            if missing:
                images = len(server.maps.rows(asked.source))
                st.markdown(f":gray[{map_drawing.what_it_takes(missing[0].source, images)}]", width="content")


def wait_for_depths(backbone: str, input_size: int) -> None:
    """A fragment that waits until the worker has read at which layers a network can be probed."""
    if not server.layers.reading(backbone, input_size):
        st.rerun()
    st.skeleton(height=240)


def _live(asked: Asked, missing: list[MapConfig]) -> None:
    """A fragment; it has the page drawn again whenever a part is finished, so that it can be looked at."""
    drawing = [task for config in missing if (task := server.maps.task(config)).running]
    probing = server.layers.task(asked.source, asked.n_train)
    before, now = st.session_state.get(RUNNING), (len(drawing), probing.running)
    if before not in (None, now) or not any(now):
        st.session_state.pop(RUNNING, None)
        st.rerun()
    st.session_state[RUNNING] = now
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{title(asked.source)}**")
            task_progress.cancel_button([probing, *drawing], key="cancel-layers")
        if probing.running:
            task_progress.bar(probing, "Linear probes", waiting="Starting")
        if drawing:
            task_progress.bar(drawing[0], f"{formats.count(len(drawing), 'map')} to draw")
