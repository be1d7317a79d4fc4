"""A search among the images of the dataset: why one would make it, its button, its progress."""

import streamlit as st

from core.features.estimates import Count
from dashboard.data import copies
from dashboard.server.tasks import Task
from dashboard.ui import task_progress


def offer(
    search: Task, label: str, *, why: str, icon: str, kept: str = copies.NOTHING_KEPT, counted: Count | None = None
) -> None:
    """Offer a search, or show how far it is.

    Args:
        label: Of the button that begins it.
        why: What it looks for, in a sentence or two of Markdown.
        kept: What a cancelled attempt leaves, in a sentence.
        counted: What it will compute; None: it is quick.
    """
    if search.running:
        st.fragment(copies.wait, run_every=copies.POLL)(search)
        return
    task_progress.why_it_ended(search.error, kept=kept)
    st.markdown(why)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(label, icon=icon, key=f"begin-{search.name}", on_click=task_progress.begin, args=([search], counted))
        if counted:
            task_progress.cost(counted)
