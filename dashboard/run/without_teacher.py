"""The run to compare one that has a teacher with: the same training from the labels alone."""

import streamlit as st

from core.evaluation import comparison
from core.runs import RunRow
from dashboard import server
from dashboard.run.again import same
from dashboard.ui import choices, components, findings


def show(run: RunRow) -> None:
    """The comparison with that run, or a link that sets it up on Train; nothing for a run without a teacher."""
    if not run.config.teacher:
        return
    rows, wanted = server.runs.rows(), comparison.without_teacher(run.config)
    alike = (each for each in rows if not each.config.teacher and comparison.without_teacher(each.config) == wanted)
    made = next((each for each in alike if each.status == "finished"), None)
    if made:
        change = server.runs.change(made, run)
        st.markdown(findings.change(change, "the same network without a teacher", "the one with a teacher"))
    else:
        components.link("train", "Train it without the teacher", icon=":material/balance:", **same(wanted))
    if teacher := next((each for each in rows if each.id == run.config.teacher), None):
        label = f"Its teacher, {choices.run_titles([teacher])[teacher.id]}"
        components.link("run", label, icon=":material/school:", run=teacher.id)
