"""Compare: three questions answered from the runs, every run in one table, and one run from close up."""

import streamlit as st

from core.errors import LabError
from core.runs import ENDED
from dashboard import answers, charts, components, examine, following, resources, run_table, state

components.page_header("Compare", "Which backbone is better, which is faster, and what might explain it?")
components.need_runs()

runs = resources.runs_table()
if runs.empty:
    components.empty("Nothing to compare yet", "Each run becomes a row here, beside all the others.")
    components.link("home", "Run the demo", icon=":material/play_arrow:")
    st.stop()

shown = run_table.choose_runs(runs)
finished = shown[shown["status"] == "finished"]

for answer in answers.three_questions(finished):
    st.markdown(f"**{answer.question}**  \n{answer.text}")
if warnings := answers.warnings(finished):
    st.warning("  \n".join(warnings), icon=":material/balance:")

if not finished.empty:
    left, right = st.columns(2, gap="large")
    with left:
        components.chart(charts.accuracy_bars(finished), key="bars", alt="Accuracy of each run with its 95 % interval")
    with right:
        components.chart(charts.accuracy_time(finished), key="time", alt="Accuracy of each run against its time")

chosen = run_table.show(shown)
if chosen is None:
    st.caption("Choose a row to see what that run takes for what, and the images behind it.")
    st.stop()

run = shown.set_index("run_id", drop=False).loc[chosen]
head, actions = st.columns([7, 3], vertical_alignment="center")
head.subheader(f"{run['name']} on {run['dataset']}", anchor=False)
with actions.container(horizontal=True, horizontal_alignment="right"):
    components.link("train", "Set it up again", icon=":material/replay:", **following.same(run))
    if run["status"] in ENDED:
        with st.popover("Delete", icon=":material/delete:"):
            st.markdown("The run, its predictions and its head. Features stay in the cache.")
            if st.button("Delete this run"):
                resources.delete(chosen)
                state.update(run="")
                st.rerun()

try:
    if run["status"] == "finished":
        examine.show(run)
    else:
        following.show(chosen)
except LabError as error:
    components.show_error(error)
