"""What can be done with a run that has ended: go on with it, set it up again, delete it."""

import pandas as pd
import streamlit as st

from core.runs import ENDED
from dashboard import components, following, resources, state


def show(run: pd.Series) -> None:
    """Buttons in a row; `run` is a row of `runs.table`."""
    following.resume_button(run)
    components.link("train", "Set it up again", icon=":material/replay:", **following.same(run))
    if run["status"] in ENDED:
        with st.popover("Delete", icon=":material/delete:"):
            st.markdown("The run, its predictions and its head. Features stay in the cache.")
            if st.button("Delete this run"):
                resources.delete(run["run_id"])
                state.update(run="")
                st.rerun()
