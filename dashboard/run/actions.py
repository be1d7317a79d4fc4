"""Actions on a run that has ended: resume it, repeat it with changes, delete it."""

import streamlit as st

from core.runs import ENDED, RunRow
from dashboard import server
from dashboard.run import progress
from dashboard.run.again import same
from dashboard.state import visitor
from dashboard.ui import components


def show(run: RunRow) -> None:
    """Buttons in a row."""
    progress.resume_button(run)
    components.link("train", "Use these settings again", icon=":material/replay:", **same(run.config))
    if run.status in ENDED:
        with st.popover("Delete", icon=":material/delete:"):
            st.markdown("The run, its predictions and its head. Features stay in the cache.")
            if st.button("Delete this run"):
                server.runs.delete(run.id)
                visitor.update(run="")
                st.rerun()
