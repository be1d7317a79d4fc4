"""Put the class aside and begin a new one, on the lecturer's page."""

import streamlit as st

from core import home, people
from dashboard import server
from dashboard.server import line, tasks
from dashboard.server.tasks import Task
from dashboard.ui import formats, task_progress

WHY = (
    "Challenges, and runs and images of learners are put aside into one file, and their names are free. Yours stay, "
    "and so do networks and public data. Learners join the new class by a new code."
)
OPENED = "`python -m core restore FILE` opens it in an empty home folder (`BACKBONE_LAB_HOME`)."


def show() -> None:
    """Draw the button, which asks once more; then how far it is, and where the old class is."""
    task = Task(
        tasks.name("new-class"),
        people.on_behalf,
        (people.LECTURER, home.begin_class),
        failure="The class cannot be put aside",
        line=line.files,
    )
    if task.finished:
        st.success(f"{formats.plain(task.result)} {OPENED}", title="The old class is put aside")
        st.button("Close", icon=":material/close:", key="close-new-class", on_click=task.forget)
        return
    with st.expander("New class", icon=":material/group_add:", expanded=task.running or task.error is not None):
        task_progress.offer(
            task,
            "Put this class aside and begin a new one",
            why=WHY,
            icon=":material/archive:",
            kept="Nothing has changed.",
            ended=_refresh,
        )


def _refresh() -> None:
    server.runs.refresh()
    server.datasets.refresh()
