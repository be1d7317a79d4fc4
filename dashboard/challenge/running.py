"""What the lecturer does with challenges: open one, and close it."""

from datetime import datetime

import streamlit as st

from core import people
from core.backbones import pretrained_names
from core.challenges import Challenge, Rules
from core.config import TITLES
from core.data import dataset
from core.errors import LabError
from dashboard import server
from dashboard.ui import components, formats, task_progress

CLOSING = "The hidden images then decide the ranking, everybody sees it, and nobody can enter any more."
HIDING = (
    "Half of its test images are kept back until you close the challenge. Learners work on a copy without them; until "
    "then only you see a dataset that you imported. The labels of CIFAR-10 and its sample are public: for a "
    "challenge that counts, import images that nobody has."
)


def show_open() -> None:
    """The form that opens one."""
    task = server.challenges.opening()
    if task.running:
        task_progress.wait(task)
        return
    task_progress.why_it_ended(task.error, kept=task_progress.NOTHING_KEPT)
    titles = {
        each.name: each.title
        for each in server.datasets.available()
        if each.state == "ready" and each.person == people.LECTURER and not dataset.needed(each.name)
    }
    with st.form("open-challenge", border=False):
        left, right = st.columns(2, gap="large")
        source = left.selectbox("Images", list(titles), format_func=lambda name: titles[name])
        title = left.text_input("Title", placeholder="Challenge", max_chars=60)
        attempts = left.number_input("Entries per learner per day", 1, 100, Rules.attempts)
        until = left.datetime_input(f"Entries until ({zone()})", None, help="Empty: until you close it")
        images = right.number_input("Most labelled images (0: all)", 0, step=10, help="Validation included")
        methods = right.multiselect(
            "Methods", list(TITLES), format_func=lambda name: TITLES[name], placeholder="Any", select_all=False
        )
        backbones = right.multiselect("Backbones", pretrained_names(), placeholder="Any", select_all=False)
        st.caption(HIDING)
        if st.form_submit_button("Open the challenge", type="primary"):
            rules = Rules(
                until.astimezone().isoformat() if until else "", attempts, images, tuple(backbones), tuple(methods)
            )
            task_progress.attempt(server.challenges.begin, title.strip() or "Challenge", source, rules)
            st.rerun()


def show_close(challenge: Challenge) -> None:
    """The button that closes one, for those who may."""
    if not challenge.is_open or not people.may("run challenges"):
        return
    with st.popover("Close it", icon=":material/flag:"):
        st.markdown(CLOSING)
        if st.button("Close the challenge", type="primary"):
            try:
                server.challenges.close(challenge.name)
            except LabError as error:
                components.show_error(error)
            else:
                st.rerun()


def zone() -> str:
    """The time zone of this server, in which times are entered and shown: CET."""
    return f"{datetime.now().astimezone():%Z}"


def rules(challenge: Challenge) -> str:
    """What may be entered, in a sentence."""
    given = challenge.rules
    parts = [f"{formats.count(given.attempts)} {'entry' if given.attempts == 1 else 'entries'} per learner per day"]
    if given.images:
        parts.append(f"at most {formats.count(given.images, 'labelled image')}")
    for names in (given.backbones, tuple(TITLES[method] for method in given.methods)):
        if names:
            parts.append(f"only {formats.listed(names)}")
    return ", ".join(parts)
