"""Three ways to get a real CLIP onto this machine, with their commands."""

from collections.abc import Sequence

import streamlit as st

from core import backbones, settings
from core.zero_shot import encoder

FIRST = "CLIPViTB32"  # the one to start with


def show(here: Sequence[str]) -> None:
    """Show three ways to get one, unless one is on this machine."""
    if set(here) - {encoder.TOY}:
        return
    with st.expander(f"{FIRST} is not on this machine: three ways to get it", icon=":material/download:"):
        folder = settings.home() / "weights" / backbones.get(FIRST).weights_file
        st.markdown("**With internet access**: download KerasHub's preset, once.")
        st.code(f"python -m core warm --backbones {FIRST}", language="bash")
        st.markdown(
            "**From Hugging Face**: its folder (config.json, model.safetensors, vocab.json, merges.txt), on any "
            "machine with internet access, then copied here."
        )
        st.code(f'hf download openai/clip-vit-base-patch32 --local-dir "{folder}"', language="bash")
        st.markdown("**From KerasHub**: an existing preset folder, copied to the same place.")
        st.code(f'cp -r clip_vit_base_patch32 "{folder}"', language="bash")
