"""Archive the class and begin a new one, on the lecturer's page."""

from dataclasses import replace

import streamlit as st

from core import home, people
from dashboard import server
from dashboard.server import line, tasks
from dashboard.server.tasks import Task
from dashboard.ui import formats, task_progress

WHY = (
    "Challenges and the learners' runs and images move to one file, and their names become free. Your own work, "
    "networks and public data stay. Learners join the new class with a new code."
)
AT_ONCE = "Learners are shut out at once. Their work is deleted here once it is in the file."
OPENED = "`python -m core restore FILE` opens it in an empty home folder (`BACKBONE_LAB_HOME`)."


def show() -> None:
    """Draw the button, which asks once more; then how far it is, and where the old class is."""
    task = _task()
    if task.finished:
        st.success(f"{formats.plain(task.result)} {OPENED}", title="The old class is archived")
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
            st.button("Archive this class", type="primary", on_click=task_progress.attempt, args=(_begin,))


def _task() -> Task:
    """The task of `_begin`: one class is archived at a time."""
    return Task(tasks.name("new-class"), people.on_behalf, failure="The class cannot be archived", line=line.files)


def _begin() -> None:
    replace(_task(), arguments=(people.require("run the class"), home.begin_class)).begin()


def _refresh() -> None:
    server.runs.refresh()
    server.datasets.refresh()
