"""The switch that shows archived runs among the others."""

from collections.abc import Sequence

import streamlit as st

from core.runs import RunRow
from dashboard import server
from dashboard.ui import choices

SWITCH = {"hidden": "Hidden", "shown": "Shown"}


def add(runs: Sequence[RunRow]) -> list[RunRow]:
    """These runs, newest first, with the archived ones if the switch says so; it is shown only if there are any."""
    archived = [run for run in server.runs.archived() if run not in runs]
    if not archived:
        return list(runs)
    if choices.titled(st.segmented_control, "archived", "Archived", SWITCH, required=True) == "hidden":
        return list(runs)
    return sorted([*runs, *archived], key=lambda run: run.created, reverse=True)
