"""Home: an introduction, a first result in one click, and the latest results."""

import streamlit as st

from core.config import DEMO
from core.curriculum import lessons
from core.errors import LabError
from dashboard import server
from dashboard.lessons import bar
from dashboard.run import progress
from dashboard.state import visitor
from dashboard.ui import components, formats, preload

components.page_header("Backbone Lab", "What do pretrained networks know about your images?")
if not visitor.get().run:  # a result is to be seen without scrolling
    components.four_steps()
    st.space("small")
with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
    demo = st.button("Run the demo", type="primary", icon=":material/play_arrow:")
    first = next(iter(lessons.LESSONS))
    bar.link_to(first, 0, "Start the first lesson", icon=":material/school:")
    components.link("data", "Use your own images", icon=":material/upload:")
    components.link("data", "Take photos", icon=":material/photo_camera:", new="photos")
st.caption(
    f"The demo extracts features of 2,500 small photographs with {DEMO.backbone}, a network pretrained on ImageNet, "
    "and trains a head to recognise their ten classes. Nothing is downloaded."
)
if demo:
    try:
        with st.spinner("Starting the engine"):
            visitor.update(run=server.runs.submit(DEMO))
        st.rerun()  # the sidebar shows its status
    except LabError as error:
        components.show_error(error)

components.need_runs()
if visitor.get().run:
    progress.show(visitor.get().run)

runs = server.runs.entries()
finished = [run for run in runs if run.status == "finished" and not run.covers(visitor.get().run)]
if finished:
    st.subheader("Latest results", anchor=False)
    with st.grid(3):
        for run in finished[:3]:
            components.result_card(run)
    if len(runs) > 1:
        components.link("compare", f"Compare all {formats.count(len(runs))} runs", icon=":material/bar_chart:")
elif not visitor.get().run:
    components.empty(
        "Your results will be here",
        "The accuracy on images that the head has never seen, how certain it is, and the time it took.",
        icon=":material/insights:",
    )
preload.charts_and_tables()
