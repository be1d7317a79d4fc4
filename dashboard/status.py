"""The status that every page shows: the dataset in use, what is running, the device."""

import streamlit as st

from core.errors import LabError
from dashboard import server
from dashboard.state import visitor
from dashboard.ui import components, formats

POLL = 1.0  # seconds between two looks at a running run


def show() -> None:
    """Draw it; it looks again by itself only while something starts or runs."""
    active, settled = server.runs.active(), server.engine.settled()
    busy = bool(active) or not settled
    st.fragment(_draw, run_every=POLL if busy else None)([run.id for run in active], settled)


def _draw(drawn: list[str], was_settled: bool) -> None:
    active = server.runs.active()
    if [run.id for run in active] != drawn or server.engine.settled() != was_settled:
        server.runs.refresh()
        st.rerun()  # what the page shows has changed: a run came or ended, the engine is there
    components.link("data", _dataset_title(), icon=":material/photo_library:", help="Dataset in use")
    for run in active[:1]:
        components.link("train", run.config.backbone, icon=":material/play_circle:", help="Open this run", run=run.id)
        fraction = run.progress.fraction if run.progress else 0.0
        st.progress(fraction, text=formats.progress(run.progress) if run.progress else "Waiting for its turn")
    if len(active) > 1:
        st.caption(f"{formats.count(len(active) - 1, 'more run')} waiting")
    st.caption(_device())


def _dataset_title() -> str:
    name = visitor.get().dataset
    titles = {summary.name: summary.title for summary in server.datasets.available()}
    return titles.get(name, name)


def _device() -> str:
    try:
        if server.engine.get() is None:
            return ":material/hourglass_empty: Starting the engine"
    except LabError as error:
        return f":material/error: {error.received}"
    facts = server.throughput.hardware()
    device = facts["gpu"] or f"{facts['cpu']}, {facts['cores']} cores"
    return f":material/memory: {device} · {facts['memory_gb']:.0f} GB"
