"""How a run learned: its curves, the layers that trained, and all its settings."""

import streamlit as st

from core.runs import Outcome, RunRow, table
from dashboard import server
from dashboard.run import progress
from dashboard.train import freeze


def show(run: RunRow, outcome: Outcome) -> None:
    """Curves, then layers, then all settings."""
    st.subheader("How it learned", anchor=False)
    if server.runs.curves(run.id).empty:
        st.markdown("Its head is not trained in epochs, so there are no curves.")
    else:
        config = run.config
        unfrozen = progress.unfrozen_after(config.method, config.start, config.head_epochs)
        progress.curves(run.id, run.name, unfrozen)
    st.subheader("What trained", anchor=False)
    frozen = server.runs.frozen(run.id)
    if frozen is None:
        st.markdown("The head only: the backbone computed features and did not change.")
    else:
        freeze.strip(frozen, run.config, f"strip-{run.id}")
        freeze.layers(frozen, run.config)
    with st.expander("Everything that determined this result", icon=":material/tune:"):
        settings = table([run]).iloc[0].dropna().astype(str)
        st.table(settings[settings != ""].rename("").to_frame(), border="horizontal")
        st.caption(" · ".join(f"{name} {version}" for name, version in outcome.versions.items()))
