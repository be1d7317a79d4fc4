"""The idea of a family: a few sentences, a formula, the paper, something to play with, and what it is good for."""

import streamlit as st

from core.curriculum import ideas
from core.curriculum.ideas import Idea
from dashboard.anatomy.idea_demos import DEMOS
from dashboard.backbones import family_panel


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
    if idea.demo:
        with played, st.container(border=True):
            _play(idea.demo)
    family_panel.verdict(name)


@st.fragment
def _play(demo: str) -> None:
    """Sliders that redraw nothing but their own chart and sentence."""
    DEMOS[demo]()


def _tell(idea: Idea) -> None:
    st.subheader(idea.title, anchor=False)
    st.markdown(idea.text)
    if idea.formula:
        st.latex(idea.formula)
        st.caption(idea.symbols)
    st.markdown(f":material/menu_book: [{idea.paper.title}]({idea.paper.url})  \n:gray[{idea.paper.mark}]")
