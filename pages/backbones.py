"""Backbones: find an architecture by its published figures and its speed on this machine."""

from functools import partial

import streamlit as st

from dashboard import server
from dashboard.backbones import accuracy_chart, card, family_panel, table
from dashboard.state import address, visitor
from dashboard.ui import choices, components, selections

VIEWS = {"cost": "Accuracy and cost", "tree": "Family tree", "timeline": "Timeline", "families": "Families"}
AXES = {"params": "Parameters", "images_per_second": "Speed on this machine"}
SIZES = {most: f"Up to {most} M parameters" for most in (5, 10, 25, 50, 100)} | {5000: "Any"}

components.page_header("Backbones", "Which architectures are there, and how do accuracy, size and speed compare?")

# Read
speeds = server.throughput.table()
backbones = table.catalog(speeds)
rates = {str(name): rate for name, rate in backbones.set_index("name")["images_per_second"].dropna().items()}

# Choose
with st.container(horizontal=True, vertical_alignment="bottom"):
    search = st.text_input("Search", placeholder="Name, such as mobile", key="search", bind="query-params", width=260)
    address.check_bound("family", "Families", set(backbones["family"]))
    families = st.multiselect(
        "Families",
        sorted(backbones["family"].unique()),
        key="family",
        bind="query-params",
        select_all=False,
        width=360,
    )
    address.check_bound("size", "Size", set(SIZES.values()))
    millions = st.selectbox(
        "Size",
        list(SIZES),
        index=len(SIZES) - 1,
        format_func=SIZES.__getitem__,
        key="size",
        bind="query-params",
        width=240,
    )
shown = backbones[
    backbones["name"].str.contains(search.strip(), case=False, regex=False) & (backbones["millions"] <= millions)
]
shown = shown[shown["family"].isin(families)] if families else shown
if shown.empty:
    components.empty("No backbone matches", "Shorten the search, or allow more families or parameters.")
    st.stop()


def choose_from_chart(key: str) -> None:
    """Choose the backbone whose point was clicked."""
    for name in selections.ids(st.session_state.get(key, {}))[:1]:
        if name in set(backbones["name"]):
            address.put("backbone", name)


def choose_from_table() -> None:
    """Choose the backbone whose row was selected."""
    for name in selections.table_ids(st.session_state[table.KEY], shown, "name")[:1]:
        address.put("backbone", name)


# Show
view = choices.titled(st.segmented_control, "view", "View", VIEWS, required=True, label_visibility="collapsed")
whole = st.container()  # the tree and the timeline take the width of the page
plot, side = st.columns([3, 2], gap="large")
with side, st.container(border=True):
    default = visitor.get().backbones[0] if visitor.get().backbones else ""
    names = {name: name for name in backbones["name"]}
    name = choices.titled(
        st.selectbox,
        "backbone",
        "Backbone",
        {default: default} | names if default in names else names,
        help="Or click a point of the chart, or select a row of the table",
    )
    card.show(backbones[backbones["name"] == name].iloc[0], next(iter(speeds["hardware"]), ""))


def show_cost() -> None:
    """Published accuracy against size or speed."""
    against = choices.titled(st.segmented_control, "against", "Accuracy against", AXES, required=True)
    points = shown.dropna(subset=["top1", against])
    if points.empty:
        components.empty(
            "No speed has been measured yet",
            "Press Measure next to a backbone; it takes ten seconds. Every run also records its speed.",
            icon=":material/timer:",
        )
        return
    components.chart(
        accuracy_chart.published(points, against=against, chosen=name),
        key="published",
        alt=f"Published ImageNet accuracy against {AXES[against].lower()}, one point per backbone",
        selection="points",
        on_select=partial(choose_from_chart, "published"),
    )
    st.caption("The dotted line joins the backbones that no other beats in both. Click a point to read about one.")


if view == "cost":
    with plot:
        show_cost()
else:
    with whole:
        if view == "families":
            family_panel.tables(set(shown["name"]), rates)
        else:
            family_panel.draw(view, name, set(shown["name"]), on_select=partial(choose_from_chart, view))
    with plot:
        family_panel.book(name, rates)
        family_panel.relations(name)
        family_panel.verdict(name)

table.show(shown, on_select=choose_from_table)
table.show_untrained()
components.link("train", "Train one from scratch", icon=":material/child_care:", method="scratch")
