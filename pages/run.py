"""Run: one run in detail, and compared with another; the address `?run=ID` opens it."""

from functools import partial

import streamlit as st

from core import heads
from core.data import datasets
from core.errors import LabError
from core.runs import ENDED
from dashboard import server
from dashboard.challenge import entering
from dashboard.run import actions as run_actions
from dashboard.run import (
    book_comparison,
    confidence,
    entries,
    export,
    measures,
    progress,
    quantization,
    result,
    shortcut,
    training,
    versus,
)
from dashboard.state import address, visitor
from dashboard.ui import choices, components, image_grid

components.page_header(
    "Run", "How good is a run, where does it fail, what does it look at, and is it better than another?"
)
runs = components.need_a_run("No run yet", "Every run can be examined here.")

runs += [each for each in server.runs.archived() if each.covers(visitor.get().run) and each not in runs]
choose, actions = st.columns(2, vertical_alignment="bottom")
with choose:
    runs = entries.with_those_of([visitor.get().run, address.current("other") or ""], runs)
    run = choices.run(runs, forget=[image_grid.ROW])
with actions.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center"):
    run_actions.show(run)

try:
    if run.status not in ENDED:
        progress.show(run.id)
        st.stop()
    components.toy([run.config.backbone])
    entering.offer(run)
    if run.members:
        tabs = {entries.title(run): partial(entries.show, run)}
        if run.has_result:
            tabs[versus.TAB] = partial(versus.show, run, runs)
    else:
        if run.status != "finished":
            progress.why_it_ended(run)
        outcome = server.runs.get(run.id).outcome
        if outcome is None:
            progress.learned(run)
            st.stop()
        tabs = {
            "Result": partial(result.show, run, outcome),
            confidence.TAB: partial(confidence.show, run),
            measures.TAB: partial(measures.show, run),
            "Training": partial(training.show, run, outcome),
            versus.TAB: partial(versus.show, run, runs),
            export.TAB: partial(export.show, run, outcome),
        }
        if heads.has_layers(run.config.method):
            tabs[quantization.TAB] = partial(quantization.show, run)
            if run.config.dataset == datasets.SHORTCUT:
                tabs[shortcut.TAB] = partial(shortcut.show, run)
        if book := book_comparison.pair(run, [one for each in runs for one in each.runs]):
            tabs[book_comparison.TAB] = partial(book_comparison.show, *book)
    components.tabs(tabs)
except LabError as error:
    components.show_error(error)
