"""The bar at the bottom of Train, in sight wherever one scrolled: start, what it takes, the same from a terminal."""

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


def show(configs: Sequence[RunConfig], plans: Sequence[Plan], seeds: int = 1) -> None:
    """Draw the bar and, once Start is pressed, queue the runs and follow the first.

    Args:
        configs: What Start will run; none: it cannot be pressed.
        plans: What each of them takes.
        seeds: Of each, one run after the other.
    """
    with st.bottom.container(horizontal=True, vertical_alignment="center"):
        count = len(configs) * seeds
        label = "Start" if count < 2 else f"Start {count} runs"
        pressed = st.button(label, type="primary", icon=":material/play_arrow:", key=_BUTTON, disabled=not configs)
        if configs:
            with st.popover("From a terminal", icon=":material/terminal:"):
                several = f" --seeds {seeds}" if seeds > 1 else ""
                commands = [recipe.command(config) + several for config in configs]
                st.code("\n".join(commands), language="bash", wrap_lines=True)
            st.markdown(cost.summary(configs, plans, seeds), width="content")
    if not pressed:
        return
    try:
        visitor.update(run=_start(configs, seeds)[0])
    except LabError as error:
        components.show_error(error)
    else:
        st.rerun()  # the status in the sidebar shows it too


def _start(configs: Sequence[RunConfig], seeds: int) -> list[str]:
    """The ids of the runs; a second press, while the first is still answered, starts nothing more."""
    last, at, run_ids = st.session_state.get(_STARTED, ((), 0.0, []))
    if last == (list(configs), seeds) and monotonic() - at < DOUBLE_PRESS:
        return run_ids
    with st.spinner("Starting the engine"):
        server.engine.wait()
    run_ids = [server.runs.submit(config, seeds) for config in configs]
    # Nothing is drawn in between: that is where Streamlit breaks off a script for the next press.
    st.session_state[_STARTED] = (list(configs), seeds), monotonic(), run_ids
    return run_ids
