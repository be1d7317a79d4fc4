"""An entry of several seeds: the mean with its interval, how far the seeds are apart, and each of them to open."""

import streamlit as st

from core import seeds
from core.runs import RunRow
from dashboard.ui import components, findings, formats, run_charts

CARD = 290  # pixels, the width of the card of a result


def show(entry: RunRow) -> None:
    """Its mean with the uncertainty, then its seeds."""
    if entry.error:
        st.warning(formats.message(entry.error), icon=":material/error:")
    if entry.has_result:
        with st.container(horizontal=True, gap="medium"):
            with st.container(width=CARD):
                components.result_card(entry)
            with st.container():
                chart = run_charts.seeds(entry)
                components.chart(chart, key=f"seeds-{entry.id}", alt="Accuracy of each seed, and their mean")
        st.markdown(findings.seeds(entry))
    st.markdown(f"They differ in {formats.listed(seeds.decides(entry.config))}; the test images are the same.")
    with st.container(horizontal=True, gap="small"):
        for run in entry.seeds:
            _link(run)


def _link(run: RunRow) -> None:
    result = formats.percent(run.accuracy) if run.has_result else run.status
    components.link("run", f"Seed {run.config.seed} · {result}", icon=":material/search_insights:", run=run.id)
