"""Where an architecture stands among the others: the tree, the timeline, what it took and gave, what it is good for."""

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
        "Who took what from whom, by year, a point for each architecture"
        if view == "tree"
        else "Published ImageNet accuracy by year of publication, a point for each architecture"
    )
    components.chart(figure, key=view, alt=alt, selection="points", on_select=on_select)
    st.caption(
        "A point is an architecture: click it to read about it. Hover over a line's middle to see what was taken. "
        "Works in grey gave something and are not here."
        if view == "tree"
        else "A point is an architecture: click it to read about it. Accuracies are cited, and come from other ways of "
        "training, some with more data: a later recipe makes any network better. CLIP never saw ImageNet's labels: it "
        f"was asked in words (zero-shot; {ZERO_SHOT_SOURCE})."
    )


def table() -> None:
    """The families side by side, and what their numbers say where words would mislead."""
    st.table(family_table.table(), border="horizontal")
    st.markdown("\n".join(f"* {sentence}" for sentence in family_table.lessons()))
    st.caption(
        "In brackets: how many networks. Parameters and depth are counted on them. Accuracies and times are cited, "
        f"CPU and GPU as multiples of {family_table.YARDSTICK}'s: {KERAS_IO}. What is fast on this machine is measured "
        "beside each backbone and drawn under Accuracy and cost."
    )


def relations(name: str) -> None:
    """What the work of an architecture took from others, and what they took from it, with the papers that say so."""
    if told := family_tree.relations(name):
        lines = [f"* {line}. [:gray[{taken.source.mark}]]({taken.source.url})" for line, taken in told]
        st.markdown(f"**What {lineage.of(name).title} took and gave**\n" + "\n".join(lines))


def verdict(name: str) -> None:
    """When to use the family of an architecture, with its strengths and weaknesses side by side."""
    found = verdicts.of(name)
    if found is None:
        return
    st.markdown(f"**When to use it**  \n{found.use}")
    for column, title, said in zip(
        st.columns(2, gap="medium"), ("Strengths", "Weaknesses"), (found.strengths, found.weaknesses), strict=True
    ):
        with column:
            st.markdown(f"**{title}**\n" + "\n".join(f"* {verdicts.text(each)}" for each in said))
    st.caption("Sizes are counted on the networks; accuracies and times are the published ones of the table.")
