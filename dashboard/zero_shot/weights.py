"""How to get a real CLIP onto this machine: by a click, or without a network by hand."""

from collections.abc import Collection

import streamlit as st

from core import backbones, settings
from core.zero_shot import encoder
from dashboard.ui import weights

FIRST = "CLIPViTB32"  # the one to start with


def show(model: str, here: Collection[str]) -> None:
    """Offer the chosen model if it is not on this machine, or beside the toy, while there is no other, the first."""
    if model not in here:
        weights.offer(model)
        with st.expander("Without internet access", icon=":material/wifi_off:"):
            _by_hand(model)
    elif not any(name in here for name in encoder.NAMES if name != encoder.TOY):
        with st.expander(f"{FIRST} is not on this machine: how to get it", icon=":material/download:"):
            weights.offer(FIRST)
            st.markdown("**Without internet access**")
            _by_hand(FIRST)


def _by_hand(model: str) -> None:
    spec = backbones.get(model)
    folder = settings.home() / "weights" / spec.weights_file
    st.markdown("From Hugging Face, on any machine with internet access, then copied here:")
    st.code(f'hf download {spec.repository} --local-dir "{folder}"', language="bash")
    st.markdown("From KerasHub, a preset folder copied to the same place:")
    st.code(f'cp -r {spec.preset} "{folder}"', language="bash")
