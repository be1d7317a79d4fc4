"""Six maps: the book's experiment in one click: a probe, a fine-tune, and maps before and after it."""

import streamlit as st

from core.errors import LabError
from dashboard import server
from dashboard.six_maps import experiment, maps
from dashboard.ui import components

components.page_header(
    "Six maps", "How does fine-tuning change what a network sees? The book's experiment in one click."
)
components.need_runs()
left, right = st.columns([4, 8], gap="large")
try:
    with left:
        chosen = experiment.choose()
    probe, tune = experiment.find(chosen, server.runs.rows())
    with right:
        experiment.show(chosen, probe, tune)
    if probe is not None and tune is not None and tune.status == "finished":
        maps.show(probe, tune)
except LabError as error:
    components.show_missing(error)
