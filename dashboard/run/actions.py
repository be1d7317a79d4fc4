"""Actions on a run: name it, resume it, repeat it with changes, delete it."""

import streamlit as st

from core import people
from core.errors import LabError
from core.runs import ENDED, SWEEP, RunRow
from dashboard import server
from dashboard.run import progress
from dashboard.run.again import same
from dashboard.state import visitor
from dashboard.ui import components


def show(run: RunRow) -> None:
    """Buttons in a row."""
    mine = people.may("change run", run.person)
    if mine and not run.entry:  # one of several runs is named as its entry is
        with st.popover("Name and notes", icon=":material/edit:"):
            _describe(run)
    progress.resume_button(run)
    if run.entry:
        whole = "The whole sweep" if run.entry.startswith(SWEEP) else "All its seeds"
        components.link("run", whole, icon=":material/casino:", run=run.entry)
    settings = same(run.config, seeds=max(len(run.seeds), 1))
    components.link("train", "Use these settings", icon=":material/replay:", **settings)
    if mine and run.status in ENDED:
        unit = "seeds" if run.seeds else "runs"
        what = f"all {len(run.members)} {unit}" if run.members else "this run"
        with st.popover("Remove", icon=":material/archive:", key=f"remove-{run.id}"):
            if not run.entry:  # one of several runs alone is not archived
                _archive(run)
            st.markdown(f"{what[0].upper()}{what[1:]}, with predictions and heads. Features stay in the cache.")
            if st.button(f"Delete {what}", key=f"delete-{run.id}"):  # a second click is for no other run
                server.runs.delete(run.id)
                visitor.update(run="")
                st.rerun()


def _archive(run: RunRow) -> None:
    st.markdown("An archived run is hidden everywhere until you bring it back; Compare can show archived runs.")
    if st.button("Bring it back" if run.archived else "Archive it", key=f"archive-{run.id}"):
        server.runs.set_archived(run.id, not run.archived)
        visitor.update(run=run.id if run.archived else "")
        st.rerun()
    st.divider()


def _describe(run: RunRow) -> None:
    """A form for what a person calls a run and says of it; groups and tags of other runs are offered."""
    rows = [*server.runs.rows(), run]  # an archived one is not among them
    groups = sorted({row.group for row in rows if row.group})
    tags = sorted({tag for row in rows for tag in row.tags})
    with st.form(f"describe-{run.id}", border=False):
        name = st.text_input("Name", run.name, key=f"name-{run.id}")
        group = st.selectbox(
            "Group",
            groups,
            index=groups.index(run.group) if run.group else None,
            accept_new_options=True,
            placeholder="None; choose or type one",
            key=f"group-{run.id}",
        )
        chosen = st.multiselect(
            "Tags",
            tags,
            run.tags,
            accept_new_options=True,
            placeholder="None; choose or type some",
            select_all=False,
            key=f"tags-{run.id}",
        )
        note = st.text_area("Note", run.note, key=f"note-{run.id}")
        if not st.form_submit_button("Save", type="primary"):
            return
    try:
        server.runs.describe(run.id, name=name, group=group or "", tags=chosen, note=note)
    except LabError as error:
        components.show_error(error)
        return
    st.rerun()
