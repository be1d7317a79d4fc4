"""Everybody's photos of new classes on one map, on the lecturer's page."""

import streamlit as st

from dashboard import server
from dashboard.ui import components, task_progress

HELP = (
    "Puts what everybody photographed under Take photos into one dataset, and opens it on Maps. Learners see it while "
    "they see each other's work. Photos taken with earlier versions are not in it."
)
_ASKED = "asked-for-everybodys-photos"


def show() -> None:
    """Draw the button; how far it is; at the end, open Maps."""
    task = server.datasets.gather()
    if task.running:
        task_progress.wait(task, server.datasets.refresh)
        return
    if task.finished and st.session_state.pop(_ASKED, False):
        choices = {"dataset": task.result, "images": "all", "colour": "class"}
        st.switch_page(components.page("maps"), query_params=choices)
    task_progress.why_it_ended(task.error, kept=task_progress.NOTHING_KEPT)
    st.button("Everybody's photos on one map", icon=":material/scatter_plot:", help=HELP, on_click=_begin)


def _begin() -> None:
    st.session_state[_ASKED] = True
    task_progress.begin([server.datasets.gather()])
