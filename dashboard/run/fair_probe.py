"""The probe to compare a fine-tune with if it started from one that was trained on other images."""

import streamlit as st

from core.evaluation import comparison
from core.metrics import Change
from core.runs import RunRow
from dashboard import server
from dashboard.run.again import same
from dashboard.ui import components, findings, formats


def show(tune: RunRow, measured: Change) -> None:
    """The comparison with that probe, or a link that sets it up on Train; nothing if none is needed.

    Args:
        measured: `comparison.unfreezing` of the fine-tune.
    """
    rows = server.runs.rows()
    start = next((run for run in rows if run.id == tune.config.start), None)
    if measured.trained_on is None or start is None:
        return
    wanted = comparison.fair_probe(tune, start.config)
    made = next((run for run in rows if run.config == wanted and run.status == "finished"), None)
    images = formats.count(tune.n_train, "training image")
    if made:
        change = server.runs.change(made, tune)
        st.markdown(f"Like with like: {findings.change(change, f'a probe on the same {images}', 'the fine-tune')}")
        return
    components.link("train", f"Train a probe on the same {images}", icon=":material/balance:", **same(wanted))
