"""Put the class aside and begin a new one, on the lecturer's page."""

from dataclasses import replace

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
AT_ONCE = "Learners are shut out at once. Their work is deleted here when it is in the file."
OPENED = "`python -m core restore FILE` opens it in an empty home folder (`BACKBONE_LAB_HOME`)."


def show() -> None:
    """Draw the button, which asks once more; then how far it is, and where the old class is."""
    task = _task()
    if task.finished:
        st.success(f"{formats.plain(task.result)} {OPENED}", title="The old class is put aside")
        st.button("Close", icon=":material/close:", key="close-new-class", on_click=task.forget)
        return
    with st.expander("New class", icon=":material/group_add:", expanded=task.running or task.error is not None):
        if task.running:
            task_progress.wait(task, _refresh)
            return
        task_progress.why_it_ended(task.error, kept="Nothing has changed.")
        st.markdown(WHY)
        with st.popover("Begin a new class", icon=":material/archive:"):
            st.markdown(AT_ONCE)
            st.button("Put this class aside", type="primary", on_click=task_progress.attempt, args=(_begin,))


def _task() -> Task:
    """What `_begin` began: one class is put aside at a time."""
    return Task(tasks.name("new-class"), people.on_behalf, failure="The class cannot be put aside", line=line.files)


def _begin() -> None:
    replace(_task(), arguments=(people.require("run the class"), home.begin_class)).begin()


def _refresh() -> None:
    server.runs.refresh()
    server.datasets.refresh()
