"""A changed copy of the dataset: the button that makes it, its progress, and the button that then uses it."""

import streamlit as st

from dashboard import server
from dashboard.server.tasks import Task
from dashboard.state import visitor
from dashboard.ui import task_progress


def offer(copy: Task, label: str, *, icon: str, key: str) -> None:
    """Offer a copy, show its progress, or offer to use it.

    Args:
        copy: Its result is the name of the copy.
        label: Of the button that makes it.
    """
    if copy.running:
        task_progress.wait(copy, server.datasets.refresh)
        return
    task_progress.why_it_ended(copy.error, kept=task_progress.NOTHING_KEPT)
    with st.container(horizontal=True, vertical_alignment="center"):
        name = copy.result
        if name in {summary.name for summary in server.datasets.available()}:  # not deleted since
            use = f"use-{key}"
            st.button("Use the copy", icon=":material/check:", type="primary", key=use, on_click=_use, args=(name,))
        else:
            st.button(label, icon=icon, key=key, on_click=task_progress.begin, args=([copy],))
        st.markdown(":gray[This dataset and its runs stay as they are.]", width="content")


def _use(name: str) -> None:
    visitor.update(dataset=name)
