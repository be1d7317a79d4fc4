"""Backbones: find an architecture by what was published about it and by what it does on this machine."""

from dataclasses import asdict
from functools import partial

import pandas as pd
import streamlit as st

from core import backbones
from core.backbones.catalog import ZERO_SHOT_SOURCE
from core.data.images import PREPROCESSING
from dashboard import server
from dashboard.backbones import family_panel
from dashboard.state import address, visitor
from dashboard.train import cost
from dashboard.ui import charts, choices, components, formats, selections

VIEWS = {"cost": "Accuracy and cost", "tree": "Family tree", "timeline": "Timeline", "families": "Families"}
AXES = {"params": "Parameters", "images_per_second": "Speed on this machine"}
COLUMNS = {  # of the table: name, mark, format, what it means
    "name": ("Backbone", None, ""),
    "family": ("Family", None, ""),
    "year": ("Year", "%d", ""),
    "millions": ("Parameters (M)", "%.1f", "Without the classifier"),
    "depth": ("Depth (layers)", "%d", "Layers with weights, without the classifier"),
    "feature_dim": ("Features", "%d", "Numbers that describe an image after pooling"),
    "default_size": ("Input (px)", "%d", "The size it was trained for"),
    "min_size": ("Smallest (px)", "%d", "The smallest input that works"),
    "top1": ("Top-1 (%), cited", "%.1f", "ImageNet validation accuracy as published"),
    "top5": ("Top-5 (%), cited", "%.1f", "ImageNet validation accuracy as published"),
    "zero_shot": ("Zero-shot (%), cited", "%.1f", f"ImageNet, asked in words, without its labels: {ZERO_SHOT_SOURCE}"),
    "cpu_ms": ("CPU (ms a step), cited", "%.1f", "32 images on 92 cores of an AMD EPYC, as published by Keras"),
    "gpu_ms": ("GPU (ms a step), cited", "%.1f", "32 images on an A100, as published by Keras"),
    "images_per_second": ("Images/s, measured", "%.0f", "On this machine, at the input size it was trained for"),
}

components.page_header("Backbones", "Which architectures are there, and what do accuracy, size and speed promise?")

# Read
facts = pd.DataFrame([asdict(backbones.get(name)) for name in [*backbones.names(), *backbones.clip_names()]])
facts["millions"] = facts["params"] / 1e6
speeds = server.throughput.table().rename(columns={"backbone": "name", "input_size": "default_size"})
facts = facts.merge(speeds[["name", "default_size", "images_per_second"]], how="left", on=["name", "default_size"])

# Choose
with st.container(horizontal=True, vertical_alignment="bottom"):
    search = st.text_input("Search", placeholder="Name, such as mobile", key="search", bind="query-params", width=260)
    families = st.multiselect(
        "Families", sorted(facts["family"].unique()), key="family", bind="query-params", width=360
    )
    millions = st.selectbox(
        "Size",
        [5, 10, 25, 50, 100, 5000],
        index=5,
        format_func=lambda most: "Any" if most == 5000 else f"Up to {most} M parameters",
        key="size",
        bind="query-params",
        width=240,
    )
shown = facts[facts["name"].str.contains(search.strip(), case=False, regex=False) & (facts["millions"] <= millions)]
shown = shown[shown["family"].isin(families)] if families else shown
if shown.empty:
    components.empty("No backbone is so", "Shorten the search, or allow more families or parameters.")
    st.stop()


def choose_from_chart(key: str) -> None:
    """A clicked point is the chosen backbone."""
    for name in selections.ids(st.session_state.get(key, {}))[:1]:
        if name in set(facts["name"]):
            address.put("backbone", name)


def choose_from_table() -> None:
    """A marked row is the chosen backbone."""
    for name in selections.table_ids(st.session_state["backbone-table"], shown, "name")[:1]:
        address.put("backbone", name)


# Show
view = choices.titled(st.segmented_control, "view", "View", VIEWS, required=True, label_visibility="collapsed")
whole = st.container()  # the tree and the timeline take the width of the page
plot, card = st.columns([3, 2], gap="large")
with card, st.container(border=True):
    default = visitor.get().backbones[0] if visitor.get().backbones else ""
    names = {each: each for each in facts["name"]}
    name = choices.titled(
        st.selectbox, "backbone", "Backbone", {default: default} | names if default in names else names,
        help="Or click a point of the plot, or mark a row of the table",
    )  # fmt: skip
    one = facts.set_index("name").loc[name]
    st.markdown(f"{one['family']}, {one['year']}: [{one['paper']}]({one['paper_url']})")
    st.table(
        {
            "Parameters": f"**{one['millions']:.1f} M** without the classifier",
            "Depth": f"**{one['depth']}** layers with weights",
            "Features": f"**{one['feature_dim']:,}** numbers an image",
            "Input": f"**{one['default_size']} px**, "
            + ("and no other" if one["max_size"] == one["min_size"] else f"at least {one['min_size']} px"),
        },
        border="horizontal",
    )
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if pd.notna(one["top1"]):
            st.markdown(f"{one['top1']:.1f} % top-1 on ImageNet", width="content")
            components.cited(one["source"])
        elif pd.notna(one["zero_shot"]):
            st.markdown(f"{one['zero_shot']:.1f} % top-1 on ImageNet, zero-shot", width="content")
            components.cited(ZERO_SHOT_SOURCE)
        else:
            st.markdown("No published accuracy")
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if pd.notna(one["images_per_second"]):
            st.markdown(f"{formats.rate(one['images_per_second'])} at {one['default_size']} px", width="content")
            components.measured(speeds["hardware"].iloc[0], "Median of the latest extractions, untrained or not.")
        else:
            st.markdown(f"Speed at {one['default_size']} px not measured here", width="content")
            cost.measure_button(name, int(one["default_size"]))
    st.markdown(f"Preprocessing: {PREPROCESSING[one['preprocessing']].title}.")
    here = backbones.published_here(name)
    st.caption(f"Published weights: {'on this machine' if here else 'downloaded on first use'}; {one['licence']}.")
    components.link("anatomy", f"Open {name}", icon=":material/biotech:", backbone=name)
    components.link("train", f"Train with {name}", icon=":material/play_circle:", backbones=name)


def show_cost() -> None:
    """Published accuracy against size or speed."""
    against = st.segmented_control(
        "Accuracy against", list(AXES), format_func=AXES.get, default="params", required=True, key="against",
        bind="query-params",
    )  # fmt: skip
    points = shown.dropna(subset=["top1", against])
    if points.empty:
        components.empty(
            "No speed is measured yet",
            "Press Measure beside a backbone; ten seconds each. Every run adds its own.",
            icon=":material/timer:",
        )
        return
    components.chart(
        charts.published(points, against=against, chosen=name),
        key="published",
        alt=f"Published ImageNet accuracy against {AXES[against].lower()}, one point a backbone",
        selection="points",
        on_select=partial(choose_from_chart, "published"),
    )
    st.caption("The dotted line joins those that no other beats in both. Click a point to read about it.")


if view == "cost":
    with plot:
        show_cost()
else:
    with whole:
        if view == "families":
            family_panel.table()
        else:
            family_panel.draw(view, name, set(shown["name"]), on_select=partial(choose_from_chart, view))
    with plot:
        family_panel.relations(name)
        family_panel.verdict(name)

st.subheader(f"{formats.count(len(shown), 'backbone')}", anchor=False)
st.dataframe(
    shown[list(COLUMNS)],
    hide_index=True,
    column_config={
        column: (st.column_config.NumberColumn if form else st.column_config.TextColumn)(
            label, **({"format": form} if form else {"pinned": column == "name", "width": 170}), help=meaning or None
        )
        for column, (label, form, meaning) in COLUMNS.items()
    },
    key="backbone-table",
    on_select=choose_from_table,
    selection_mode="single-row",
    alt="Facts of all backbones: size, published accuracy and times, measured speed",
)
st.caption("Cited figures come from keras.io, the docstrings of Keras, or the repository named on the card.")

untrained = pd.DataFrame([asdict(backbones.get(each)) for each in backbones.scratch_names()])
untrained["millions"] = untrained["params"] / 1e6
st.subheader(f"{formats.count(len(untrained), 'network')} to train from scratch", anchor=False)
st.markdown(
    "They have seen no image yet: what one of them learns from yours alone is what pretraining is to be held against."
)
st.dataframe(
    untrained[["name", "year", "millions", "depth", "feature_dim", "default_size"]],
    hide_index=True,
    column_config={
        "name": st.column_config.TextColumn("Network", pinned=True, width=220),
        "year": st.column_config.NumberColumn("Year", format="%d"),
        "millions": st.column_config.NumberColumn("Parameters (M)", format="%.2f"),
        "depth": st.column_config.NumberColumn("Depth (layers)", format="%d", help=COLUMNS["depth"][2]),
        "feature_dim": st.column_config.NumberColumn("Features", format="%d", help=COLUMNS["feature_dim"][2]),
        "default_size": st.column_config.NumberColumn("Input (px)", format="%d", help="The usual size for it"),
    },
    alt="Facts of the networks that are trained from scratch",
)
components.link("train", "Train one from scratch", icon=":material/child_care:", method="scratch")
