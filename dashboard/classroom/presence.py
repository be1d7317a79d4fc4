"""Who uses this browser, in the sidebar; and the page it shows once it belongs to nobody."""

from html import escape

import streamlit as st

from core import people, settings
from dashboard.classroom import sign_in
from dashboard.run import takeout

JOIN, SIGN_OUT = "lab/join", "auth/logout"
WORK = takeout.PATH.lstrip("/")


def show() -> None:
    """The visitor's name, with a link to sign out; nothing outside of a class."""
    person = people.current_person()
    if settings.mode() == "alone" or person is None:
        return
    way = f'<a href="{JOIN}" target="_self">Not you?</a>'
    if sign_in.required():
        way = "" if sign_in.by_header() else f'<a href="{SIGN_OUT}" target="_self">Sign out</a>'
    work = f'<a href="{WORK}" title="Results, reports and code of your runs">{takeout.TITLE}</a>'
    st.html(f"<small>You are {escape(people.called(person))}. {way} {work}</small>")


def ask_to_join() -> None:
    """Stop the page of a browser whose name was freed, or that joined an earlier class."""
    st.warning("Its name was freed, or a new class has begun.", title="This browser is not in the class")
    st.html(f'<a href="{JOIN}" target="_self">Join the class</a>')
    st.stop()
