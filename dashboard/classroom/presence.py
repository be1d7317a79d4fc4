"""As whom a browser is in the class, in the side bar; and what it sees once it is nobody's."""

from html import escape

import streamlit as st

from core import people, settings
from dashboard.classroom import sign_in

JOIN, SIGN_OUT = "lab/join", "auth/logout"


def show() -> None:
    """Who this is, with the way to be somebody else; nothing alone."""
    person = people.acting()
    if settings.mode() == "alone" or person is None:
        return
    way = f'<a href="{JOIN}" target="_self">Not you?</a>'
    if sign_in.required():
        way = "" if sign_in.by_header() else f'<a href="{SIGN_OUT}" target="_self">Sign out</a>'
    st.html(f"<small>You are {escape(person or 'the lecturer')}. {way}</small>")


def ask_to_join() -> None:
    """Stop the page of a browser whose name has been freed, or that came when the class was another one."""
    st.warning("Its name is free again, or the class is a new one.", title="This browser is not in the class")
    st.html(f'<a href="{JOIN}" target="_self">Join the class</a>')
    st.stop()
