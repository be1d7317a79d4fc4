"""Following the lecturer from page to page, and opening what was handed out: the bar above every page of a learner."""

from pathlib import Path

import streamlit as st
from streamlit.components.v2 import component

from core import people, settings
from dashboard.classroom import lecture
from dashboard.classroom.lecture import Lecture, Place
from dashboard.state import address, prefix, visitor
from dashboard.ui import components, formats

SCRIPT = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
_OWN, _MOVED = "own-page-of-a-follower", "moves-that-were-followed"
_CHOSEN = "page-that-is-opened-next"  # a callback cannot open it, and what a button returns is lost in a quick rerun


def show(page: str) -> None:
    """Take a follower to the lecturer's page, and draw the bar; nothing for the lecturer and alone."""
    if settings.mode() == "alone" or people.may("run the class"):
        return
    now, following = lecture.now(), _OWN in st.session_state
    if place := st.session_state.pop(_CHOSEN, None):
        _go(place)
    if following and now.led and now.place and st.session_state.get(_MOVED) != now.moves:
        st.session_state[_MOVED] = now.moves
        _go(now.place)
    with st.container(key="lecture-watch"):  # which takes no room
        data = {"path": prefix.get() + lecture.PATH, "seen": now.mark(following)}
        component("lecture", js=SCRIPT)(key="lecture", data=data, on_mark_change=_see)
    if now.led or following:
        _draw_lead(now, page, following)
    if now.handout:
        with st.container(border=True, horizontal=True, vertical_alignment="center", key="handout"):
            st.markdown(f":material/assignment: {formats.plain(now.sentence)}", width="stretch")
            st.button("Open it", type="primary", key="open-handout", on_click=_open, args=(now.handout,))


def _draw_lead(now: Lecture, page: str, following: bool) -> None:
    with st.container(border=True, horizontal=True, vertical_alignment="center", key="lead"):
        if not following:
            st.markdown(":material/co_present: You can follow the lecturer from page to page.", width="stretch")
            st.button("Follow", icon=":material/sensors:", key="follow", on_click=_follow, args=(page,))
            return
        text = "You follow the lecturer." if now.led else "The lecturer no longer leads."
        st.markdown(f":material/co_present: {text}", width="stretch")
        st.button("Leave", icon=":material/undo:", key="leave", on_click=_leave, help="Back to your own page")


def _follow(page: str) -> None:
    st.session_state[_OWN] = lecture.here(page)
    st.session_state.pop(_MOVED, None)


def _leave() -> None:
    _open(st.session_state.pop(_OWN, None))


def _open(place: Place | None) -> None:
    st.session_state[_CHOSEN] = place


def _go(place: Place) -> None:
    own = {name: st.query_params.get_all(name) for name in lecture.OWN if name in st.query_params}
    visitor.count_alone()
    address.release(place.choices)
    st.switch_page(components.page(place.page), query_params={**place.choices, **own})


def _see() -> None:
    """The page is drawn again: that is all."""
