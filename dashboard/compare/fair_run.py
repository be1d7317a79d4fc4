"""The run that differs from another in nothing but the architecture, set up on Train."""

from collections.abc import Sequence

import streamlit as st

from core.config import TITLES
from core.evaluation import explanation
from core.runs import RunRow
from dashboard import server
from dashboard.run.again import same
from dashboard.ui import components, explanations

POLL = 1.0  # seconds


def show(finished: Sequence[RunRow]) -> None:
    """A link to that run, or to another backbone where there is only one; waits for their anatomy."""
    wanted = explanations.fair_run(finished)
    if wanted:
        label = f"Make it fair: {wanted.backbone}, {TITLES[wanted.method].lower()}, {wanted.input_size} px"
        components.link("train", label, icon=":material/balance:", **same(wanted))
    elif finished and len({run.config.backbone for run in finished}) == 1:
        components.link("backbones", "Another backbone", icon=":material/account_tree:")
    networks = [(run.config.backbone, run.config.input_size) for run in explanation.pair(finished) or ()]
    if any(server.anatomy.reading(*network) for network in networks):
        st.fragment(_again_when_read, run_every=POLL)(networks)


def _again_when_read(networks: Sequence[tuple[str, int]]) -> None:
    if not any(server.anatomy.reading(*network) for network in networks):
        components.redraw()
