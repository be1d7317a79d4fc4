"""The lecturer's side of a lecture, in the sidebar: let learners follow, and hand out a page with its settings."""

import itertools

import streamlit as st

from core import people, settings
from dashboard.classroom import lecture
from dashboard.ui import formats

POLL = 0.5  # seconds between looks at the address, which parts of a page change too
LONGEST = 200  # characters of a sentence
_LEAD = "lead"
_PLACE = "place-of-the-lecturer"  # as a click's own address may be that from before the click before
OWN_PAGE = "classroom"
FOLLOW = "Learners can follow you from page to page, with all settings"


def show(page: str) -> None:
    """Draw the switch and the handout; nothing for learners and alone."""
    if not _is_lecturer():
        return
    now = lecture.now()
    with st.container(horizontal=True, vertical_alignment="center"):
        st.session_state[_LEAD] = now.led  # another tab may have switched it
        st.toggle("Follow me", key=_LEAD, help=FOLLOW, on_change=_lead)
        if page != OWN_PAGE:
            with st.popover("Hand out", icon=":material/assignment:", key=f"hand-out-{now.news}"):  # closes then
                _hand_out()
    if now.handout:
        st.caption(f"Handed out: {formats.plain(now.sentence)}")
        st.button("Withdraw", icon=":material/undo:", type="tertiary", on_click=lecture.withdraw)
    looks = itertools.count()  # the first while the page is being drawn, whose end tells more
    st.fragment(lambda: next(looks) and move(page), run_every=POLL)()


def move(page: str) -> None:
    """Bring followers here if the lecturer has moved in this tab, except to the page that only lecturers have."""
    here = lecture.here(page)
    if _is_lecturer() and page != OWN_PAGE and here != st.session_state.get(_PLACE):
        st.session_state[_PLACE] = here
        lecture.move(here)


def _lead() -> None:
    """Let learners follow, to where this tab is, or no longer."""
    lecture.lead(st.session_state[_LEAD])
    if st.session_state[_LEAD] and _PLACE in st.session_state:
        lecture.move(st.session_state[_PLACE])


def _hand_out() -> None:
    """The form by which this page is handed out."""
    key = "what-to-do"

    def hand_out() -> None:
        if sentence := " ".join(st.session_state[key].split()):
            lecture.hand_out(sentence, st.session_state[_PLACE])
        else:
            st.toast("Say in a sentence what to do on this page.", icon=":material/info:")

    with st.form("hand-out", border=False):
        st.text_input("What learners should do here", max_chars=LONGEST, key=key)
        st.form_submit_button("Hand out this page", icon=":material/send:", on_click=hand_out)


def _is_lecturer() -> bool:
    return settings.mode() == "class" and people.may("run the class")
