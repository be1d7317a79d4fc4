"""An architecture among the others: family tree, timeline, what it borrowed and passed on, what it is good for."""

from collections.abc import Callable, Collection

import streamlit as st

from core.backbones.catalog import KERAS_IO, ZERO_SHOT_SOURCE
from core.curriculum import lineage, verdicts
from dashboard.backbones import family_table, family_tree
from dashboard.ui import components


def draw(view: str, name: str, shown: Collection[str], *, on_select: Callable[[], None]) -> None:
    """The family tree ("tree"), or accuracy over time ("timeline")."""
    figure = (family_tree.tree if view == "tree" else family_tree.timeline)(name, shown)
    alt = (
        "Which work borrowed what from which, by year, one point per architecture"
        if view == "tree"
        else "Published ImageNet accuracy by year of publication, one point per architecture"
    )
    components.chart(figure, key=view, alt=alt, selection="points", on_select=on_select)
    st.caption(
        "Each point is an architecture: click it to read about it. Hover over the middle of a line to see what was "
        "borrowed. Works in grey influenced others but are not available here."
        if view == "tree"
        else "Each point is an architecture: click it to read about it. Accuracies are cited and come from different "
        "training recipes, some with more data; a later recipe improves any network. CLIP never saw ImageNet's labels: "
        f"it classified by class names (zero-shot; {ZERO_SHOT_SOURCE})."
    )


def table() -> None:
    """The families side by side, and what their figures show."""
    st.table(family_table.table(), border="horizontal")
    st.markdown("\n".join(f"* {sentence}" for sentence in family_table.lessons()))
    st.caption(
        "In brackets: the number of networks. Parameters and depth are counted. Accuracies and times are cited, CPU "
        f"and GPU times as multiples of {family_table.YARDSTICK}'s: {KERAS_IO}. Speeds measured on this machine are "
        "shown with each backbone and under Accuracy and cost."
    )


def relations(name: str) -> None:
    """What an architecture borrowed from earlier work and passed on to later work, with the papers that say so."""
    work = lineage.of(name)
    if work and (links := family_tree.relations(name)):
        lines = [f"* {line}. [:gray[{taken.source.mark}]]({taken.source.url})" for line, taken in links]
        st.markdown(f"**What {work.title} borrowed and passed on**\n" + "\n".join(lines))


def verdict(name: str) -> None:
    """When to use the family of an architecture, with its strengths and weaknesses side by side."""
    family = verdicts.of(name)
    if family is None:
        return
    st.markdown(f"**When to use it**  \n{family.use}")
    strengths, weaknesses = st.columns(2, gap="medium")
    strengths.markdown("**Strengths**\n" + "\n".join(f"* {verdicts.text(claim)}" for claim in family.strengths))
    weaknesses.markdown("**Weaknesses**\n" + "\n".join(f"* {verdicts.text(claim)}" for claim in family.weaknesses))
    st.caption("Sizes are counted on the networks; accuracies and times are the published ones from the table.")
