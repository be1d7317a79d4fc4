"""Everybody's photos of new classes on one map, on the lecturer's page."""

import streamlit as st

from dashboard import server
from dashboard.ui import components, task_progress

HELP = (
    "Puts what everybody photographed under **Take photos** into one dataset, and opens it on Maps. Learners see it "
    "while they see each other's work. Photos taken with earlier versions are not in it."
)
KEPT = "The earlier map's photos are gone too: press again to gather all of them."
KEY, _PRESSED = "everybodys-photos", "pressed-everybodys-photos"


def show() -> None:
    """Draw the button; how far it is; at the end, open Maps."""
    task = server.datasets.gather()
    pressed = st.session_state.pop(_PRESSED, False) and KEY in st.session_state  # and the page was not left meanwhile
    if task.running:
        st.session_state[_PRESSED] = pressed
        task_progress.wait(task)
    elif task.finished and pressed:
        choices = {"dataset": task.result, "images": "all", "colour": "class"}
        st.switch_page(components.page("maps"), query_params=choices)
    else:
        task_progress.why_it_ended(task.error, kept=KEPT)
    label, icon = "Everybody's photos on one map", ":material/scatter_plot:"
    st.button(label, icon=icon, help=HELP, key=KEY, disabled=task.running, on_click=_begin)


def _begin() -> None:
    task = server.datasets.gather()
    task_progress.begin([task])
    task.when_done(lambda _gathered: server.datasets.refresh())
    st.session_state[_PRESSED] = True
