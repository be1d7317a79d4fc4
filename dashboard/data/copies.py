"""A changed copy of the dataset: the button that makes it, its progress, and the button that then uses it."""

import streamlit as st

from dashboard import server
from dashboard.server.tasks import Task
from dashboard.state import visitor
from dashboard.ui import task_progress

POLL = 0.7  # seconds between updates
NOTHING_KEPT = "Nothing is kept; the next attempt starts again."


def offer(copy: Task, label: str, *, icon: str, key: str) -> None:
    """Offer a copy, or show how far it is, or offer to use it.

    Args:
        copy: Its result is the name of the copy.
        label: Of the button that makes it.
    """
    if copy.running:
        st.fragment(wait, run_every=POLL)(copy)
        return
    task_progress.why_it_ended(copy.error, kept=NOTHING_KEPT)
    with st.container(horizontal=True, vertical_alignment="center"):
        name = copy.result
        if name in {summary.name for summary in server.datasets.available()}:  # not deleted since
            use = f"use-{key}"
            st.button("Use the copy", icon=":material/check:", type="primary", key=use, on_click=_use, args=(name,))
        else:
            st.button(label, icon=icon, key=key, on_click=task_progress.begin, args=([copy],))
        st.markdown(":gray[This dataset and its runs stay as they are.]", width="content")


def wait(task: Task) -> None:
    """A fragment: the progress of a task, and the page again when it has ended."""
    if not task.running:
        server.datasets.refresh()
        st.rerun()
    task_progress.bar(task)
    task_progress.cancel_button([task], key=f"cancel-{task.name}")


def _use(name: str) -> None:
    visitor.update(dataset=name)
