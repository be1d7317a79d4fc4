"""The idea of a family: a short explanation, a formula, the paper, an interactive demo, and what it is good for."""

import streamlit as st

from core import backbones
from core.curriculum import ideas
from core.curriculum.ideas import Idea
from dashboard.anatomy import idea_demos
from dashboard.backbones import family_panel


def show(name: str) -> None:
    """What to know about an architecture, in five minutes."""
    idea = ideas.of(name)
    if idea is None:
        st.info(
            "The course's own small network: alternating convolution and pooling. The idea is LeNet's.",
            icon=":material/lightbulb:",
        )
        return
    left, right = st.columns([2, 3], gap="large")
    with left:
        _explain(idea)
    if idea.demo:
        with right, st.container(border=True):
            _demonstrate(idea.demo, name)
    family_panel.verdict(name)


@st.fragment
def _demonstrate(demo: str, name: str) -> None:
    """Sliders that redraw only their own chart and sentence."""
    idea_demos.draw(demo, backbones.get(name))


def _explain(idea: Idea) -> None:
    st.subheader(idea.title, anchor=False)
    st.markdown(idea.text)
    if idea.formula:
        st.latex(idea.formula)
        st.caption(idea.symbols)
    st.markdown(f":material/menu_book: [{idea.paper.title}]({idea.paper.url})  \n:gray[{idea.paper.mark}]")
