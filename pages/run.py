"""Run: one run from close up, and beside another; addressable as `?run=ID`."""

import streamlit as st

from core.errors import LabError
from core.runs import ENDED
from dashboard import (
    beside,
    book_lesson,
    certainty,
    choices,
    components,
    examine,
    following,
    image_wall,
    resources,
    run_actions,
    trained,
)

TABS = ("Result", certainty.TAB, "Training", beside.TAB)

components.page_header("Run", "How good is it, where does it fail, what does it look at, is it better than another?")
components.need_runs()
runs = resources.runs_table()
if runs.empty:
    components.empty("No run yet", "Each run can be looked at from close up here.")
    components.link("home", "Run the demo", icon=":material/play_arrow:")
    st.stop()

choose, actions = st.columns([7, 5], vertical_alignment="bottom")
with choose:
    run = runs.set_index("run_id", drop=False).loc[choices.run(runs, forget=[image_wall.ROW])]
with actions.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center"):
    run_actions.show(run)

try:
    if run["status"] not in ENDED:
        following.show(run["run_id"])
        st.stop()
    if run["status"] != "finished":
        following.why_it_ended(run)
    found = resources.run(run["run_id"])
    if found.outcome is None:
        st.stop()
    result, images, training, against = st.tabs(TABS, key="view", bind="query-params")
    if result.open:
        with result:
            examine.show(run, found.outcome)
            book_lesson.show(run, runs)
    if images.open:
        with images:
            certainty.images(run)
            certainty.calibration(run)
    if training.open:
        with training:
            trained.show(run, found)
    if against.open:
        with against:
            beside.show(run, runs)
except LabError as error:
    components.show_error(error)
