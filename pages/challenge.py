"""Challenge: who in the class is best on images that nobody has seen; the lecturer opens and closes it."""

from datetime import datetime

import streamlit as st

from core import people
from core.errors import LabError
from dashboard import server
from dashboard.challenge import board, entering, running
from dashboard.ui import choices, components, formats

components.page_header("Challenge", "Who is best on images that nobody has seen?")
components.need_runs()
challenges = {each.name: each for each in server.challenges.all_of_them()}
may_open = people.may("run challenges")
if not challenges:
    if may_open:
        running.show_open()
    else:
        components.empty("No challenge yet", "The lecturer opens one; your runs or your own predictions enter it.")
    st.stop()

left, right = st.columns([3, 2], vertical_alignment="bottom")
with left:
    titles = {name: each.title + ("" if each.is_open else " (closed)") for name, each in challenges.items()}
    challenge = challenges[choices.titled(st.selectbox, "challenge", "Challenge", titles)]
with right.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center"):
    components.link("train", "Train on its images", icon=":material/play_circle:", dataset=challenge.name)
    running.show_close(challenge)
if challenge.is_open:
    ends = challenge.rules.until
    when = f" until {formats.moment(datetime.fromisoformat(ends))} ({running.zone()})" if ends else ""
    st.caption(f"Open{when}: {running.rules(challenge)}.")
    if challenge.warning and may_open:
        st.warning(formats.message(challenge.warning))

try:
    drawn = server.challenges.version(challenge.name)
    board.show(server.challenges.standing(challenge.name))
    if challenge.is_open:
        board.watch(challenge.name, drawn)
    if challenge.takes_entries:
        entering.show(challenge)
except LabError as error:
    components.show_error(error)
if may_open:
    with st.expander("Open another challenge", icon=":material/add:"):
        running.show_open()
