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
    takeaway,
    trained,
)

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
        following.learned(run)
        st.stop()
    tabs = {
        "Result": lambda: examine.show(run, found.outcome),
        certainty.TAB: lambda: certainty.show(run),
        "Training": lambda: trained.show(run, found),
        beside.TAB: lambda: beside.show(run, runs),
        takeaway.TAB: lambda: takeaway.show(run, found.outcome),
    }
    if book := book_lesson.pair(run, runs):
        tabs[book_lesson.TAB] = lambda: book_lesson.show(*book)
    if st.session_state.get("view") not in tabs:  # of a run that had more of them
        st.session_state.pop("view", None)
    for draw, tab in zip(tabs.values(), st.tabs(list(tabs), key="view", bind="query-params"), strict=True):
        if tab.open:
            with tab:
                draw()
except LabError as error:
    components.show_error(error)
