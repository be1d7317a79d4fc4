"""How somebody enters a challenge: with a run, or with a file of predictions."""

import streamlit as st

from core import people
from core.challenges import Challenge
from core.challenges.entries import MOST_BYTES
from core.errors import LabError
from core.runs import RunRow
from dashboard import server
from dashboard.ui import choices, components, formats, task_progress

MOST = 6  # runs in the list
MOST_MB = MOST_BYTES // 1_000_000


def offer(run: RunRow) -> None:
    """A button that enters a run of the visitor's, or several seeds, if it is on the images of a challenge; of a sweep,
    the chosen run."""
    challenge = server.challenges.of_dataset(run.config.dataset)
    if challenge is None or run.status != "finished" or not people.may("enter", run.person):
        return
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(f":material/trophy: Challenge **{formats.plain(challenge.title)}**", width="content")
        if run.chosen.id in server.challenges.entered(challenge.name):
            components.link("challenge", "Entered: see the ranking", challenge=challenge.name)
        else:
            _button(challenge, run.chosen)


def show(challenge: Challenge) -> None:
    """The runs that may still be entered, and the upload of predictions from a notebook."""
    with_runs, with_file = st.columns(2, gap="large")
    with with_runs:
        st.subheader("Enter a run", anchor=False)
        _runs(challenge)
    with with_file:
        st.subheader("Enter predictions of your own", anchor=False)
        if challenge.rules.runs_only:
            st.caption("This challenge limits how runs are made; a file cannot show that, so only runs can enter.")
        else:
            _file(challenge)


def _runs(challenge: Challenge) -> None:
    entered = server.challenges.entered(challenge.name)
    own = [
        run.chosen
        for run in server.runs.entries()
        if run.config.dataset == challenge.name and run.status == "finished" and run.chosen.id not in entered
        if people.may("enter", run.person)
    ]
    st.markdown(
        "Train on the images of the challenge, then enter the run here or on its own page. Several seeds are one "
        "entry, ranked by their mean, with an interval over seeds and images. Of a sweep, the run that validation "
        "chose is entered."
    )
    titles = choices.run_titles(own[:MOST])
    for run in own[:MOST]:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{formats.plain(titles[run.id])}**", width="stretch")
            _button(challenge, run)


def _button(challenge: Challenge, run: RunRow) -> None:
    task = server.challenges.enter(challenge.name, run.id)
    if task.running:
        task_progress.wait(task, server.challenges.refresh)
        return
    task_progress.why_it_ended(task.error)
    st.button(
        "Enter it", key=f"enter-{run.id}", type="primary", on_click=task_progress.attempt, args=(_enter, challenge, run)
    )


def _enter(challenge: Challenge, run: RunRow) -> None:
    server.challenges.check(challenge, run)
    server.challenges.enter(challenge.name, run.id).begin()


def _file(challenge: Challenge) -> None:
    _images(challenge)
    sent = st.file_uploader("Predictions", "csv", key=f"predictions-{challenge.name}", max_upload_size=MOST_MB)
    if sent and st.button("Enter the file", type="primary"):
        try:
            server.challenges.enter_file(challenge.name, sent.name, sent.getvalue())
        except LabError as error:
            components.show_error(error)
        else:
            st.rerun()


def _images(challenge: Challenge) -> None:
    why = "Predict the images in `test/` of the zip, write a class for each into its `template.csv`, upload it."
    path = server.challenges.packed(challenge.name)
    if path is None:
        task_progress.offer(
            server.challenges.pack(challenge.name), "Prepare the zip", why=why, icon=":material/folder_zip:"
        )
        return
    st.markdown(why)
    st.download_button(
        f"Images and template ({formats.storage(path.stat().st_size)})",
        lambda: path.open("rb"),
        f"{challenge.name}.zip",
        "application/zip",
        icon=":material/download:",
        on_click="ignore",
    )
