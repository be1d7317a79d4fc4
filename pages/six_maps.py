"""Six maps: the book's experiment in one click; a probe, a fine-tune, and what the network sees before and after it."""

import streamlit as st

from core.errors import LabError
from dashboard import server
from dashboard.six_maps import experiment, maps
from dashboard.ui import components

components.page_header(
    "Six maps", "What does fine-tuning change in what a network sees? The book's experiment, in one click."
)
components.need_runs()
choose, follow = st.columns([4, 8], gap="large")
try:
    with choose:
        asked = experiment.choose()
    probe, tune = experiment.find(asked, server.runs.rows())
    with follow:
        experiment.show(asked, probe, tune)
    if probe is not None and tune is not None and tune.status == "finished":
        maps.show(probe, tune)
except LabError as error:
    components.show_missing(error)
