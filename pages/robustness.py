"""Robustness: finished runs on corrupted copies of their test images, side by side."""

import streamlit as st

from core.errors import LabError
from core.evaluation import robustness
from core.features.estimates import Count
from dashboard import server
from dashboard.robustness import curves
from dashboard.server.tasks import Task
from dashboard.ui import choices, components, task_progress

POLL = 0.7  # seconds between polls
MOST = 6  # runs side by side


def _live(tasks: dict[str, Task]) -> None:
    """Progress by title of the run; a fragment that reruns the page whenever a run is done."""
    if not all(task.running for task in tasks.values()):
        components.redraw()
    with st.container(border=True):
        for title, task in tasks.items():
            task_progress.bar(task, title)
        task_progress.cancel_button(tasks.values(), key="robust-cancel")


def _show_corruptions(dataset: str, *, expanded: bool, results: list[robustness.Robustness]) -> None:
    with st.expander("The corruptions, and how this is measured", icon=":material/info:", expanded=expanded):
        severities = curves.preview(server.datasets.get(dataset).images[0])
        for column, (title, images) in zip(st.columns(len(severities)), severities.items(), strict=True):
            column.caption(f"{title}: 1, 3, 5")
            column.image([components.thumbnail(corrupted, 96) for corrupted in images[::2]], width=42)
        measured_on = f" Measured on {results[0].hardware}." if results else ""
        st.caption(
            "The same test images after six corruptions at five severities, in the style of "
            "[CIFAR-10-C](https://arxiv.org/abs/1903.12261) but generated here with a fixed seed, so not comparable "
            "with its published figures. The heat map averages the five severities; bars are 95 % intervals (Wilson); "
            "the average drop is paired image by image; of several seeds, both are over seeds and images. One "
            "corruption is said to cost more than another, or one run to be better, if the 95 % interval of the "
            "difference of their means (Newcombe) excludes 0." + measured_on
        )


components.page_header("Robustness", "How good is a model on images of lower quality than those it learned from?")
components.need_runs()
answer = st.container()
left, right = st.columns([1, 2])
with left:
    name = choices.dataset()
try:
    candidates = {
        entry.id: entry
        for entry in server.runs.entries()
        if entry.status == "finished" and entry.config.dataset == name and robustness.takes(entry.config.method)
    }
    if not candidates:
        components.empty("No runs yet", "Finish a probe or a fine-tune on this dataset, then test it here.")
        components.link("train", "Train one", icon=":material/play_circle:")
        _show_corruptions(name, expanded=True, results=[])
        st.stop()
    chosen = right.multiselect(
        "Runs",
        list(candidates),
        default=list(candidates)[:1],
        key="robust-runs",
        max_selections=MOST,
        select_all=False,
        format_func=choices.run_titles(candidates.values()).__getitem__,
    )
    entries = [candidates[entry_id] for entry_id in chosen]
    titles = curves.titles(entries)
    runs = {run.id: curves.of_seed(titles[entry.id], run) for entry in entries for run in entry.runs}
    results = {run: server.robustness.result(run) for run in runs}
    tasks = {run: server.robustness.task(run) for run in runs}
    running = {runs[run]: task for run, task in tasks.items() if task.running}
    missing = [run for run in runs if results[run] is None and not tasks[run].running]
    if running:
        st.fragment(_live, run_every=POLL)(running)
    for run in missing:
        task_progress.why_it_ended(tasks[run].error)
    if missing:
        counted = Count("robustness")
        for run in missing:
            robustness.count(run, server.runs.predictions(run)["row"].to_numpy(), into=counted)
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            label, icon = "Test on corrupted images", ":material/blur_on:"
            wanted = [tasks[run] for run in missing]
            task_progress.begin_button(wanted, label, icon=icon, key="robust-measure", counted=counted)
    of_entries = {titles[entry.id]: [results[run.id] for run in entry.runs] for entry in entries}
    available = {title: result for title, parts in of_entries.items() if (result := curves.together(parts))}
    if available:
        answer.markdown(curves.answer(available))
        networks = [entry.config.backbone for entry in entries if titles[entry.id] in available]
        components.chart(
            curves.curves(available, networks), key="robust-curves", alt="Accuracy against severity by corruption"
        )
        components.chart(curves.heat_map(available), key="robust-heat", alt="Mean accuracy of runs by corruption")
        if len(available) > 1:
            st.markdown("  \n".join(curves.sentence(title, result) for title, result in available.items()))
    components.toy({entry.config.backbone for entry in entries})
    _show_corruptions(name, expanded=not available, results=list(available.values()))
except LabError as error:
    components.show_error(error)
