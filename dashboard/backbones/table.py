"""The tables of all backbones: with published weights, and to train from scratch."""

from collections.abc import Callable, Iterable
from dataclasses import asdict

import pandas as pd
import streamlit as st

from core import backbones
from core.backbones.catalog import SIGLIP_2, ZERO_SHOT_SOURCE
from dashboard.ui import formats

KEY = "backbone-table"  # of the table of backbones with published weights
COLUMNS = {  # name -> title, format of numbers, meaning
    "name": ("Backbone", None, ""),
    "family": ("Family", None, ""),
    "year": ("Year", "%d", ""),
    "millions": ("Parameters (M)", "%.1f", "Without the classifier"),
    "depth": ("Depth (layers)", "%d", "Layers with weights, without the classifier"),
    "feature_dim": ("Features", "%d", "Numbers that describe an image after pooling"),
    "default_size": ("Input (px)", "%d", "The size it was trained for"),
    "min_size": ("Smallest (px)", "%d", "The smallest input that works"),
    "pretrained_on": ("Pretrained on", None, ""),
    "top1": ("Top-1 (%), cited", "%.1f", "ImageNet validation accuracy as published"),
    "top5": ("Top-5 (%), cited", "%.1f", "ImageNet validation accuracy as published"),
    "zero_shot": (
        "Zero-shot (%), cited",
        "%.1f",
        f"ImageNet, from class names, without labelled images. CLIP: {ZERO_SHOT_SOURCE}; SigLIP2: {SIGLIP_2['source']}",
    ),
    "cpu_ms": ("CPU (ms per step), cited", "%.1f", "32 images on 92 cores of an AMD EPYC, as published by Keras"),
    "gpu_ms": ("GPU (ms per step), cited", "%.1f", "32 images on an A100, as published by Keras"),
    "images_per_second": ("Images/s, measured", "%.0f", "On this machine, at the input size it was trained for"),
}


def catalog(speeds: pd.DataFrame) -> pd.DataFrame:
    """One row per backbone with published weights: its catalog entry, `millions` of parameters and `images_per_second`.

    Args:
        speeds: As `server.throughput.table` gives them.
    """
    table = _table(backbones.pretrained_names())
    speeds = speeds.rename(columns={"backbone": "name", "input_size": "default_size"})
    measured = speeds[["name", "default_size", "images_per_second"]]
    return table.merge(measured, how="left", on=["name", "default_size"])


def show(table: pd.DataFrame, *, on_select: Callable[[], None]) -> None:
    """Rows of `catalog`; `on_select` is called when one is selected."""
    st.subheader(f"{formats.count(len(table), 'backbone')}", anchor=False)
    st.dataframe(
        table[list(COLUMNS)],
        hide_index=True,
        column_config={
            column: st.column_config.NumberColumn(title, format=form, help=meaning or None)
            if form
            else st.column_config.TextColumn(title, pinned=column == "name", width=170)
            for column, (title, form, meaning) in COLUMNS.items()
        },
        key=KEY,
        on_select=on_select,
        selection_mode="single-row",
        alt="Facts of all backbones: size, published accuracy and times, measured speed",
    )
    st.caption("Cited figures come from keras.io, the docstrings of Keras, or the repository named on the card.")


def show_untrained() -> None:
    """The networks without published weights."""
    table = _table(backbones.scratch_names())
    st.subheader(f"{formats.count(len(table), 'network')} to train from scratch", anchor=False)
    st.markdown(
        "They have seen no image yet: what one of them learns from yours alone is the baseline that a pretrained "
        "network has to beat."
    )
    st.dataframe(
        table[["name", "year", "millions", "depth", "feature_dim", "default_size"]],
        hide_index=True,
        column_config={
            "name": st.column_config.TextColumn("Network", pinned=True, width=220),
            "year": st.column_config.NumberColumn("Year", format="%d"),
            "millions": st.column_config.NumberColumn("Parameters (M)", format="%.2f"),
            "depth": st.column_config.NumberColumn("Depth (layers)", format="%d", help=COLUMNS["depth"][2]),
            "feature_dim": st.column_config.NumberColumn("Features", format="%d", help=COLUMNS["feature_dim"][2]),
            "default_size": st.column_config.NumberColumn("Input (px)", format="%d", help="Its usual size"),
        },
        alt="Facts of the networks that are trained from scratch",
    )


def _table(names: Iterable[str]) -> pd.DataFrame:
    table = pd.DataFrame([asdict(backbones.get(name)) for name in names])
    return table.assign(millions=table["params"] / 1e6)
