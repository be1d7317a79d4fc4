"""Home: what this is, a first result in one click, and the last results."""

import streamlit as st

from core import lessons
from core.config import DEMO
from core.errors import LabError
from dashboard import components, following, formats, lesson_bar, resources, state

components.page_header("Backbone Lab", "What do pretrained networks know about your images?")
components.four_steps()
st.space("small")
with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
    demo = st.button("Run the demo", type="primary", icon=":material/play_arrow:")
    first = next(iter(lessons.LESSONS))
    lesson_bar.link_to(first, 0, "Start the first lesson", icon=":material/school:")
    components.link("data", "Bring your images", icon=":material/upload:")
st.caption(
    f"The demo shows 2,500 small photographs to {DEMO.backbone}, a network trained on ImageNet, and learns their "
    "ten classes from what it says of them. Nothing is downloaded."
)
if demo:
    try:
        with st.spinner("Starting the engine"):
            state.update(run=resources.submit(DEMO))
        st.rerun()  # the status beside the page shows it too
    except LabError as error:
        components.show_error(error)

components.need_runs()
if state.get().run:
    following.show(state.get().run)

table = resources.runs_table()
finished = table[(table["status"] == "finished") & (table["run_id"] != state.get().run)]
if not finished.empty:
    st.subheader("Last results", anchor=False)
    with st.grid(3):
        for _, run in finished.head(3).iterrows():
            components.result_card(run)
    components.link("compare", f"Compare all {formats.count(len(table), 'run')}", icon=":material/bar_chart:")
elif not state.get().run:
    components.empty(
        "Your results will be here",
        "An accuracy on images the head has never seen, the interval it is known to, and what it took.",
        icon=":material/insights:",
    )
