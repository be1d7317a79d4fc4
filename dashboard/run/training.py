"""How a run learned: its curves, the layers that trained, and all its settings."""

from dataclasses import asdict

import pandas as pd
import streamlit as st

from core.runs import Outcome, RunRow, table
from core.training.freezing import Frozen
from dashboard import server
from dashboard.run import progress
from dashboard.train import freeze
from dashboard.ui import components, training_charts


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
        _layers(frozen, run)
    with st.expander("Everything that determined this result", icon=":material/tune:"):
        settings = table([run]).iloc[0].dropna().astype(str)
        st.table(settings[settings != ""].rename("").to_frame(), border="horizontal")
        st.caption(" · ".join(f"{name} {version}" for name, version in outcome.versions.items()))


def _layers(frozen: Frozen, run: RunRow) -> None:
    st.markdown(freeze.sentence(frozen, run.config))
    blocks = pd.DataFrame([asdict(block) for block in frozen.blocks])
    components.chart(
        training_charts.freeze_strip(blocks[blocks["params"] > 0].reset_index(drop=True)),
        key=f"strip-{run.id}",
        alt=freeze.sentence(frozen, run.config).replace("*", ""),
    )
    freeze.layers(frozen)
