"""The learners of the class, for the lecturer."""

from collections import Counter

import streamlit as st

from core import people, quoting, roster, runs
from core.curriculum import answers, gradebook
from dashboard import server
from dashboard.classroom import sign_in
from dashboard.ui import formats

POLL = 2.0  # seconds between updates
FREE = "The learner has to join again. Runs stay and belong to whoever takes the name next."


def show() -> None:
    """Each name with its runs and a button that frees it, and whether learners see each other's work."""
    now = roster.read()
    st.session_state["shown"] = now.shown  # another tab may have switched it
    st.toggle(
        "Learners see each other's work",
        key="shown",
        on_change=lambda: people.change(shown=st.session_state["shown"]),
        help="Runs, datasets and maps. They always see yours.",
    )
    made = Counter(run.person for run in server.runs.rows()) if server.engine.store_open() else Counter()
    st.subheader(formats.count(len(now.seats), "learner"), anchor=False)
    for name in now.seats:
        with st.container(horizontal=True, vertical_alignment="center"):
            given = answers.of(name)
            done = [formats.count(made[name], "run"), *([answers.summary(given)] if given else [])]
            st.markdown(f"**{formats.plain(name)}** :gray[{' · '.join(done)}]", width="stretch")
            if sign_in.required():
                continue
            st.button(
                "Free the name", key=f"free-{name}", type="tertiary", help=FREE, on_click=people.free, args=(name,)
            )


def download_lessons() -> None:
    """A button for the gradebook."""
    st.download_button(
        "Lessons (CSV)",
        gradebook_csv,
        "lessons.csv",
        "text/csv",
        icon=":material/download:",
        help="Who did which task of which lesson, and how they answered its questions",
        on_click="ignore",
    )


def gradebook_csv() -> bytes:
    """`gradebook.table` as CSV, for the lecturer."""
    with people.acting_as(people.LECTURER):  # the download is not asked for by the page
        return quoting.csv(gradebook.table(runs.rows()))
