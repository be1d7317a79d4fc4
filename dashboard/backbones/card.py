"""The card of one backbone: published figures, the speed measured here, and where to go next."""

import pandas as pd
import streamlit as st

from core import backbones
from core.data.images import PREPROCESSING
from dashboard import server
from dashboard.train import cost
from dashboard.ui import components, formats, weights


def show(backbone: pd.Series, hardware: str) -> None:
    """Draw it.

    Args:
        backbone: A row of `table.catalog`.
        hardware: The hardware its speed was measured on.
    """
    name, size = str(backbone["name"]), int(backbone["default_size"])
    patch = backbones.get(name).patch
    st.markdown(f"{backbone['family']}, {backbone['year']}: [{backbone['paper']}]({backbone['paper_url']})")
    st.table(
        {
            "Parameters": f"**{backbone['millions']:.1f} M** without the classifier",
            "Depth": f"**{backbone['depth']}** layers with weights",
            "Features": f"**{backbone['feature_dim']:,}** numbers per image",
            "Pretrained on": backbone["pretrained_on"],
            "Input": f"**{size} px**, "
            + (
                "and no other"
                if backbone["max_size"] == backbone["min_size"]
                else f"at least {backbone['min_size']} px" + (f", in steps of {patch} px" if patch > 1 else "")
            ),
        },
        border="horizontal",
    )
    _accuracy(backbone)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if pd.notna(backbone["images_per_second"]):
            st.markdown(f"{formats.rate(backbone['images_per_second'])} at {size} px", width="content")
            components.measured(hardware, "Median of the latest extractions, untrained or not.")
        else:
            st.markdown(f"Speed at {size} px not measured here", width="content")
            cost.measure_button(name, size)
    st.markdown(f"Preprocessing: {PREPROCESSING[backbone['preprocessing']].title}.")
    here = name in server.backbones.here()
    st.caption(f"Published weights: {'on this machine; ' if here else ''}{backbone['licence']}.")
    if not here:
        weights.offer(name)
    components.link("anatomy", f"Open {name}", icon=":material/biotech:", backbone=name)
    components.link("train", f"Train with {name}", icon=":material/play_circle:", backbones=name)


def _accuracy(backbone: pd.Series) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if pd.notna(backbone["top1"]):
            st.markdown(f"{backbone['top1']:.1f} % top-1 on ImageNet", width="content")
            components.cited(backbone["source"])
        elif pd.notna(backbone["zero_shot"]):
            st.markdown(f"{backbone['zero_shot']:.1f} % top-1 on ImageNet, zero-shot", width="content")
            components.cited(backbones.get(backbone["name"]).zero_shot_source)
        else:
            st.markdown("No published accuracy")
