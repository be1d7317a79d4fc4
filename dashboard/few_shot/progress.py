"""Incomplete few-shot curves: one button for all, progress, cancel."""

from collections.abc import Iterable, Mapping

import streamlit as st

from core.embeddings import Source
from core.evaluation import few_shot
from core.evaluation.few_shot import Curve
from core.features.estimates import Count
from dashboard import server
from dashboard.ui import components, task_progress

POLL = 0.7  # seconds between polls


def show(sources: Mapping[str, Source], curves: Mapping[str, Curve]) -> None:
    """Offer the missing sizes, or show their progress, by backbone; nothing if every curve is complete."""
    missing = {name: source for name, source in sources.items() if name not in curves or not curves[name].complete}
    tasks = [server.few_shot.task(source) for source in missing.values()]
    if any(task.running for task in tasks):
        st.fragment(_live, run_every=POLL)(missing, _points(curves[name] for name in missing if name in curves))
        return
    for task in tasks:
        task_progress.why_it_ended(task.error, kept=task_progress.CONTINUES.format("sizes"))
    if missing:
        counted = Count("few-shot")
        for source in missing.values():
            few_shot.count(source, into=counted)
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            label, icon = "Compute the curves", ":material/show_chart:"
            task_progress.begin_button(tasks, label, icon=icon, key="few-shot-compute", counted=counted)


def _live(missing: Mapping[str, Source], points: int) -> None:
    """A fragment that reruns the page whenever a size is finished."""
    running = {name: task for name, source in missing.items() if (task := server.few_shot.task(source)).running}
    curves = [server.few_shot.curve(source) for source in missing.values()]
    if not running or _points(curve for curve in curves if curve) > points:
        components.redraw()
    with st.container(border=True):
        for name, task in running.items():
            task_progress.bar(task, name)
        task_progress.cancel_button(running.values(), key="few-shot-cancel")


def _points(curves: Iterable[Curve]) -> int:
    return sum(len(curve.points) for curve in curves)
