"""Class: how learners join, for the projector; who is here, and what they see."""

import streamlit as st

from core import people, roster
from dashboard.classroom import invitation, names, new_class, photos, sign_in
from dashboard.ui import components

components.page_header("Class", "How do learners join, who is here, and what do they see of each other?")
people.require("run the class")

how, who = st.columns([3, 2], gap="large")
with how, st.container(border=True, horizontal_alignment="center"):
    st.image(invitation.picture(), width=320)
    st.markdown(f"### {invitation.address().partition('://')[2]}", width="content", anchors=False)
    if not sign_in.required():
        st.markdown(f"# {invitation.spaced(roster.read().code)}", width="content", anchors=False)
    st.caption(invitation.how(), width="content")
    if not sign_in.required():
        st.button(
            "New code", icon=":material/refresh:", type="tertiary", on_click=invitation.renew, help=invitation.RENEW
        )
with who:
    st.fragment(names.show, run_every=names.POLL)()
    names.download_lessons()
    photos.show()
    new_class.show()
