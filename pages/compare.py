"""Compare: three questions answered from the runs, all runs in a table, and one of them in detail."""

import streamlit as st

from core.errors import LabError
from core.runs import ENDED
from dashboard import server
from dashboard.compare import agreement, archive, fair_run, group, labels_worth, results, several, table
from dashboard.run import actions as run_actions
from dashboard.run import entries, export, progress, takeout, versus
from dashboard.state import visitor
from dashboard.ui import answers, class_charts, components, findings, formats

components.page_header("Compare", "Which backbone is better, which is faster, and what might explain it?")
runs = components.need_a_run("Nothing to compare yet", "Every run becomes a row of the table here.")

with st.container(horizontal=True, vertical_alignment="bottom"):
    runs = archive.add(runs)
    shown = table.choose_runs(group.choose(runs).runs)
finished = [run for run in shown if run.status == "finished"]

projected = visitor.get().projector  # then the answers need the whole width
left, right = (st.container(), st.container()) if projected or not finished else st.columns([6, 5], gap="large")
with left:
    dataset = server.datasets.title(shown[0].config.dataset) if shown else ""
    for answer in answers.three_questions(
        finished, dataset, server.runs.change, server.runs.unfreezing, server.runs.leaks_of, server.anatomy.macs
    ):
        short = "  \n".join(answer.sentences)
        st.markdown(f"**{answer.question}**  \n{formats.message(short)}")
        if answer.details:
            with st.expander("What fine-tuning gained", icon=":material/tune:"):
                st.markdown("  \n".join(map(formats.message, answer.details)))
    fair_run.show(finished)
with right:
    if finished:
        results.show(finished)
labels_worth.show(finished)
if warnings := answers.warnings(finished):
    with st.expander("What differs between these runs", icon=":material/balance:"):
        st.markdown("  \n".join(map(formats.message, warnings)))

chosen = table.show(shown)
if finished:
    agreement.show(finished)
    with st.container(horizontal=True):
        export.report_of(finished)
        takeout.link()
if not chosen:
    st.caption("Select a row to see that run in detail, two to compare them image by image, more for their curves.")
    st.stop()

run, *others = (run for run in shown if run.id in chosen)
if others:
    several.show([run, *others])
    st.stop()
head, actions = st.columns([6, 6], vertical_alignment="center")
head.subheader(formats.plain(f"{run.name} on {server.datasets.title(run.config.dataset)}"), anchor=False)
with actions.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center"):
    run_actions.show(run)

try:
    if run.members and run.status in ENDED:
        entries.show(run)
    elif run.status == "finished":
        card, classes = st.columns([4, 8], gap="large")
        with card:
            components.result_card(run)
            components.link("run", "Compare with another run", icon=":material/balance:", run=run.id, view=versus.TAB)
        with classes:
            counts = server.runs.confusion(run.id)
            st.markdown(findings.classes(counts))
            components.chart(
                class_charts.per_class(counts), key="classes", alt="Accuracy of each class with its interval"
            )
    elif run.status in ENDED:
        progress.why_it_ended(run)
    else:
        progress.show(run.id)
except LabError as error:
    components.show_error(error)
