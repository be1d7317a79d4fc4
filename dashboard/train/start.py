"""The bar at the bottom of Train, always in sight: start, what it takes, the same command for a terminal."""

from collections.abc import Sequence
from time import monotonic

import streamlit as st

from core.config import RunConfig
from core.errors import LabError
from core.plan import Plan
from dashboard import server
from dashboard.state import visitor
from dashboard.train import cost, recipe
from dashboard.ui import components

_BUTTON = "start-the-runs"
_STARTED = "started-runs"  # session key: what was started last, when, and as which runs
DOUBLE_PRESS = 5.0  # seconds within which the same start is the same press


def acknowledge() -> None:
    """If Start was pressed, say so before anything is computed; the page calls it first."""
    if st.session_state.get(_BUTTON):
        st.bottom.markdown(":material/hourglass_top: Starting")


def show(entries: Sequence[Sequence[RunConfig]], plans: Sequence[Plan]) -> None:
    """Draw the bar and, once Start is pressed, queue the runs and follow the first.

    Args:
        entries: What Start will run, each a run, its seeds, or a sweep; none: it cannot be pressed.
        plans: What each of them takes.
    """
    with st.bottom.container(horizontal=True, vertical_alignment="center"):
        count = sum(map(len, entries))
        label = "Start" if count < 2 else f"Start {count} runs"
        pressed = st.button(label, type="primary", icon=":material/play_arrow:", key=_BUTTON, disabled=not entries)
        if entries:
            with st.popover("From a terminal", icon=":material/terminal:"):
                commands = "\n".join(map(recipe.command, entries))
                st.code(commands, language="bash", wrap_lines=True)
            st.markdown(cost.summary(entries, plans), width="content")
    if not pressed:
        return
    try:
        visitor.update(run=_start(entries)[0])
    except LabError as error:
        components.show_error(error)
    else:
        st.rerun()  # the status in the sidebar shows it too


def _start(entries: Sequence[Sequence[RunConfig]]) -> list[str]:
    """The ids of the runs and entries; a second press, while the first is still answered, starts nothing more."""
    last, at, ids = st.session_state.get(_STARTED, ((), 0.0, []))
    if last == entries and monotonic() - at < DOUBLE_PRESS:
        return ids
    with st.spinner("Starting the engine"):
        server.engine.wait()
    ids = [server.runs.submit(*entry) for entry in entries]
    # Nothing is drawn in between: that is where Streamlit breaks off a script for the next press.
    st.session_state[_STARTED] = entries, monotonic(), ids
    return ids
