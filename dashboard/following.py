"""One run as it goes: waiting, working, ended well or not, and what to do next."""

from dataclasses import fields

import pandas as pd
import streamlit as st

from core.config import RunConfig
from core.errors import LabError
from core.runs import Run
from dashboard import charts, components, formats, resources

POLL = 0.6  # seconds between two looks

_AGAIN = {  # what to do about a run that did not finish
    "failed": "Change what the message says and start again.",
    "stopped": "Finished features are kept: started again, it goes on from there.",
    "interrupted": "",  # its error says it
}


def show(run_id: str) -> None:
    """Draw a run; while it waits or works it redraws itself and can be stopped."""
    if any(run.id == run_id for run in resources.active_runs()):
        st.fragment(_live, run_every=POLL)(run_id)
        return
    table = resources.runs_table()
    found = table[table["run_id"] == run_id]
    if found.empty:
        st.info("It was deleted, or the link comes from another home folder.", title="This run is not here")
        return
    run = found.iloc[0]
    if run["status"] != "finished":
        _did_not_finish(run)
        return
    components.result_card(run)
    with st.container(horizontal=True):
        components.link("compare", "Compare it", icon=":material/bar_chart:", run=run_id)
        other = "knn" if run["method"] != "knn" else "linear"
        components.link("train", "Another head, same features", icon=":material/bolt:", **same(run, method=other))
        components.link("backbones", "Another backbone", icon=":material/account_tree:")


def same(run: pd.Series, **changes) -> dict[str, str]:
    """Choices that open Train with the config of a run, changed in places; all of them, since Train remembers."""
    config = {field.name: run[field.name] for field in fields(RunConfig) if field.name != "version"} | changes
    config["backbones"] = config.pop("backbone")
    return {name: str(value) for name, value in config.items()}


def queue(but: str = "") -> None:
    """The runs that wait or work, apart from one that is drawn elsewhere."""
    for position, run in enumerate(resources.active_runs()):
        if run.id == but:
            continue
        with st.container(horizontal=True, vertical_alignment="center"):
            components.link("train", run.name, icon=":material/schedule:", run=run.id)
            st.caption(_place(run, position), width="content")
            _stop_button(run)


def _live(run_id: str) -> None:
    active = resources.active_runs()
    position = next((i for i, run in enumerate(active) if run.id == run_id), None)
    if position is None:  # it ended: the whole page has something new to show
        resources.refresh_runs()
        st.rerun()
    run = active[position]
    with st.container(border=True):
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            st.markdown(f"**{run.name}** on {run.config.dataset}", width="content")
            _stop_button(run)
        if run.progress is None:
            st.progress(0.0, text=_place(run, position))
            return
        moment = run.progress
        st.progress(moment.fraction, text=formats.stage(moment))
        if not moment.total:
            return
        facts = {moment.unit.capitalize(): formats.done(moment)}
        facts["Speed"] = formats.rate(moment.rate, moment.unit) if moment.rate else "–"
        facts["Left"] = formats.duration(moment.seconds_left) if moment.seconds_left else "–"
        with st.container(horizontal=True, gap="large"):
            for name, value in facts.items():
                st.markdown(f":gray[{name}]\n### {value}", width="content", anchors=False)
        curves = resources.curves(run_id) if moment.stage == "train" else pd.DataFrame()
        if not curves.empty:
            components.chart(charts.curves(curves), key=f"curves-{run_id}", alt="Training curves so far")


def _did_not_finish(run: pd.Series) -> None:
    error = run["error"] if pd.notna(run["error"]) else ""
    sentence = f"{error} {_AGAIN[run['status']]}".strip()
    st.warning(sentence, title=f"{run['name']}: {run['status']}", icon=":material/error:")
    components.link("train", "Set it up again", icon=":material/replay:", **same(run))


def _stop_button(run: Run) -> None:
    # A callback, since it is heard even when its fragment was redrawn between the press and its arrival.
    st.button("Stop", icon=":material/stop_circle:", key=f"stop-{run.id}", on_click=_stop, args=(run.id,))


def _stop(run_id: str) -> None:
    try:
        resources.stop(run_id)
    except LabError as error:
        st.toast(str(error), icon=":material/error:")


def _place(run: Run, position: int) -> str:
    if run.status == "queued" and position:
        return f"Waiting: {formats.count(position, 'run')} before it"
    return formats.stage(run.progress) if run.progress else "Starting"
