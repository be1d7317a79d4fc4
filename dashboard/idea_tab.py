"""The idea of a family: a few sentences, a formula, the paper, something to play with, and what it is good for."""

import streamlit as st

from core import backbones, ideas, verdicts
from core.ideas import Idea
from core.verdicts import Verdict
from dashboard.playthings import PLAYTHINGS


def show(name: str) -> None:
    """What one has to know about an architecture in five minutes."""
    idea = ideas.of(name)
    if idea is None:
        st.info(
            "The course's own small network: convolution and pooling in turn. The idea is LeNet's.",
            icon=":material/lightbulb:",
        )
        return
    told, played = st.columns([2, 3], gap="large")
    with told:
        _tell(idea)
    if idea.plaything:
        with played, st.container(border=True):
            PLAYTHINGS[idea.plaything]()
    if verdict := verdicts.of(name):
        _judge(backbones.get(name).family, verdict)


def _tell(idea: Idea) -> None:
    st.subheader(idea.title, anchor=False)
    st.markdown(idea.text)
    if idea.formula:
        st.latex(idea.formula)
        st.caption(idea.symbols)
    st.markdown(f":material/menu_book: [{idea.paper.title}]({idea.paper.url})  \n:gray[{idea.paper.mark}]")


def _judge(family: str, verdict: Verdict) -> None:
    st.subheader(f"{family}: when to use it", anchor=False)
    st.markdown(verdict.use)
    for column, title, said in zip(
        st.columns(2, gap="large"), ("Strengths", "Weaknesses"), (verdict.strengths, verdict.weaknesses), strict=True
    ):
        with column:
            st.markdown(f"**{title}**\n" + "\n".join(f"* {verdicts.text(each)}" for each in said))
    st.caption("Sizes are counted on the networks; accuracies and times are the published ones of the table.")
