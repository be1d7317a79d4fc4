"""An architecture among the others: family tree, timeline, what it borrowed and passed on, what it is good for."""

from collections.abc import Callable, Collection, Mapping

import streamlit as st

from core.backbones.catalog import KERAS_IO, SIGLIP_2, ZERO_SHOT_SOURCE
from core.curriculum import lineage, verdicts
from dashboard.backbones import book_table, family_table, family_tree
from dashboard.ui import choices, components

TABLES = {"ours": "By family", "book": "The book's Table 41.1"}


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
        "borrowed. Works in grey influenced others but are not available here. "
        f"Dotted: years in the book's mind map that are not those of the papers. {book_table.INTRODUCTION}"
        if view == "tree"
        else "Each point is an architecture: click it to read about it. Accuracies are cited and come from different "
        "training recipes, some with more data; a later recipe improves any network. CLIP and SigLIP 2 never saw "
        f"ImageNet's labels: they classified by class names (zero-shot; {ZERO_SHOT_SOURCE}; {SIGLIP_2['source']})."
    )


def tables(shown: Collection[str], rates: Mapping[str, float]) -> None:
    """The families side by side, or the book's table beside the facts.

    Args:
        shown: Names of the backbones to list.
        rates: Backbone -> images per second on this machine.
    """
    which = choices.titled(st.segmented_control, "table", "Table", TABLES, required=True, label_visibility="collapsed")
    if which == "book":
        _book(shown, rates)
    else:
        _families()


def _book(shown: Collection[str], rates: Mapping[str, float]) -> None:
    st.markdown("\n".join(f"* {sentence}" for sentence in book_table.lessons(rates)))
    rows = book_table.table(shown, rates)
    if rows.empty:
        components.empty("None of these backbones is in the book's table", "Choose other families, or a larger size.")
        return
    st.table(rows, border="horizontal")
    st.caption(
        f"{book_table.INTRODUCTION} Its claims are shown beside the facts, marked :orange[**≠**] where they differ: "
        "the year of the paper's first version; parameters with and without the classifier, in bold the count that the "
        "book's size fits; speed measured on this machine or the published CPU time of 32 images, with its rank among "
        "the rows and, where it contradicts the book, the book's word for that rank; cited accuracy on ImageNet (of "
        f"CLIP, zero-shot). Choose a backbone below to read what differs. Cited: {KERAS_IO}."
    )


def _families() -> None:
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


def book(name: str, rates: Mapping[str, float]) -> None:
    """What the book says about an architecture, and where that differs from the facts."""
    if sentences := book_table.claims(name, rates):
        st.markdown("**What the book says**\n" + "\n".join(f"* {sentence}" for sentence in sentences))


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
