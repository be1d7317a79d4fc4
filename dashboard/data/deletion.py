"""A dataset deleted by hand."""

import streamlit as st

from core import people
from core.data import dataset, datasets
from dashboard import server
from dashboard.state import visitor


def offer(name: str) -> None:
    """A button that deletes a dataset, after a question; nothing for the shipped one."""
    shipped, owner = name in (datasets.SAMPLE, *datasets.CHANGED), dataset.person(name)
    if shipped or not people.may("change dataset", owner):
        return
    if dataset.needed(name):
        st.caption("An open challenge needs this dataset: close the challenge before you delete it.")
        return
    with st.popover("Delete this dataset", icon=":material/delete:"):
        st.markdown("Its images are deleted from this machine; runs and their results are kept.")
        if st.button("Delete permanently", type="primary"):
            datasets.delete(name)
            server.datasets.refresh()
            visitor.update(dataset=datasets.SAMPLE)
            st.rerun()
