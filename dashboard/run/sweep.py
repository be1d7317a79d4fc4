"""A sweep: the validation accuracy of each run, the one that it chose with its accuracy on the test images."""

import streamlit as st

from core import sweeps
from core.runs import RunRow
from dashboard.run.seeds import CARD
from dashboard.ui import components, findings, formats, run_charts, selections


def show(entry: RunRow) -> None:
    """What was chosen, then every run: a cell opens its run."""
    if entry.error:
        st.warning(formats.message(entry.error), icon=":material/error:")
    with st.container(horizontal=True, gap="medium"):
        if entry.has_result:
            with st.container(width=CARD):
                components.result_card(entry.chosen)
        with st.container():
            grid(entry)
    if entry.has_result:
        st.markdown(findings.sweep(entry))
    with st.expander("Each run", icon=":material/list:"), st.container(horizontal=True, gap="small"):
        for cell in entry.cells:
            result = formats.percent(cell.validation_accuracy) if cell.status == "finished" else cell.status
            label = f"{sweeps.described(cell.config, entry.varied)} · {result}"
            components.link("run", label, icon=":material/search_insights:", run=cell.id)


def grid(entry: RunRow) -> None:
    """The validation accuracies as a heat map."""
    st.caption("Accuracy on the validation images, the chosen run in a frame. Click a run to open it.")
    event = components.chart(
        run_charts.sweep(entry),
        key=f"sweep-{entry.id}",
        alt="Validation accuracy of each run of the sweep, and what became of the others",
        selection="points",
    )
    for run_id in selections.ids(event)[:1]:
        st.switch_page(components.page("run"), query_params={"run": run_id})
