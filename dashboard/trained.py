"""How a run learned: its curves, the layers that trained, everything that decided the result."""

import pandas as pd
import streamlit as st

from core.runs import Outcome
from dashboard import charts, components, formats, resources


def show(run: pd.Series, outcome: Outcome) -> None:
    """Curves, then layers, then all settings."""
    st.subheader("How it learned", anchor=False)
    curves = resources.curves(run["run_id"])
    if curves.empty:
        st.markdown("This head is solved in one go: there are no epochs to draw.")
    else:
        by_epoch = curves[~curves["metric"].str.startswith("batch_")]
        components.chart(charts.curves(by_epoch), key=f"curves-{run['run_id']}", alt="Training curves")
    st.subheader("What of it trained", anchor=False)
    layers = resources.layers(run["run_id"])
    if layers is None:
        st.markdown("The head only: the backbone was asked for its features and stayed as it was.")
    else:
        _layers(layers)
    with st.expander("Everything that decided this result", icon=":material/tune:"):
        settings = run.dropna().astype(str)
        st.table(settings[settings != ""].rename("").to_frame(), border="horizontal")
        st.caption(" · ".join(f"{name} {version}" for name, version in outcome.versions.items()))


def _layers(layers: dict) -> None:
    st.markdown(
        f"{layers['trainable_weight_layers']} of {formats.count(layers['weight_layers'], 'layer')} with weights, "
        f"{layers['trainable_params'] / 1e6:.2f} of {layers['params'] / 1e6:.2f} M parameters of the backbone."
    )
    with st.expander("Every layer", icon=":material/table_rows:"):
        st.dataframe(pd.DataFrame(layers["layers"]), hide_index=True, alt="Layers with what of them trained")
