"""Home: what this is, a first result in one click, and the last results."""

import streamlit as st

from core.config import DEMO
from core.curriculum import lessons
from core.errors import LabError
from dashboard import server
from dashboard.lessons import bar
from dashboard.run import progress
from dashboard.state import visitor
from dashboard.ui import components, formats

components.page_header("Backbone Lab", "What do pretrained networks know about your images?")
components.four_steps()
st.space("small")
with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
    demo = st.button("Run the demo", type="primary", icon=":material/play_arrow:")
    first = next(iter(lessons.LESSONS))
    bar.link_to(first, 0, "Start the first lesson", icon=":material/school:")
    components.link("data", "Bring your images", icon=":material/upload:")
st.caption(
    f"The demo shows 2,500 small photographs to {DEMO.backbone}, a network trained on ImageNet, and learns their "
    "ten classes from what it says of them. Nothing is downloaded."
)
if demo:
    try:
        with st.spinner("Starting the engine"):
            visitor.update(run=server.runs.submit(DEMO))
        st.rerun()  # the status beside the page shows it too
    except LabError as error:
        components.show_error(error)

components.need_runs()
if visitor.get().run:
    progress.show(visitor.get().run)

runs = server.runs.rows()
finished = [run for run in runs if run.status == "finished" and run.id != visitor.get().run]
if finished:
    st.subheader("Last results", anchor=False)
    with st.grid(3):
        for run in finished[:3]:
            components.result_card(run)
    components.link("compare", f"Compare all {formats.count(len(runs), 'run')}", icon=":material/bar_chart:")
elif not visitor.get().run:
    components.empty(
        "Your results will be here",
        "An accuracy on images the head has never seen, the interval it is known to, and what it took.",
        icon=":material/insights:",
    )
