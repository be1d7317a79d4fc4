"""The progress of one run: waiting, running, finished or failed, and what to do next."""

import pandas as pd
import streamlit as st

from core import heads, people
from core.config import BY_EPOCH, PROBES, TRAINED
from core.runs import ENDED, Run, RunRow
from dashboard import server
from dashboard.run import entries, fair_probe, first_images, live_images, seeds, small_map, sweep
from dashboard.run.again import same
from dashboard.state import visitor
from dashboard.ui import components, findings, formats, task_progress, training_charts

POLL = 0.6  # seconds between updates
OTHERS = 12  # runs offered for comparison

_AGAIN = {  # what to do about a run that did not finish
    "failed": "Correct what the message names, and start again.",
    "diverged": "The last finite checkpoint is kept. A tenth of the learning rate usually helps.",
    "stopped": "Finished features are kept: a new start continues from there.",
    "paused": "Its weights and optimizer state are kept: it can be resumed.",
    "interrupted": "",  # its error explains it
}
_TRAINING_STOPPED = "It resumes from its last checkpoint, or from the start if there is none."


def show(run_id: str, *, narrow: bool = False) -> None:
    """Draw a run; while it waits or runs, it refreshes itself and can be paused and stopped.

    Args:
        narrow: There is a form beside it: the next steps come before the images, or a laptop would hide them.
    """
    if active := next((run for run in server.runs.active() if run.id == run_id), None):
        st.fragment(_live, run_every=server.runs.interval(active, POLL))(run_id)
        return
    run = server.runs.find(run_id)
    if run is None:
        st.info("It was deleted, or the link is from another home folder.", title="Run not found")
        return
    if run.members:
        _entry(run)
        return
    if run.status not in ENDED:  # the engine is starting, and then knows whether the run is active
        st.skeleton(height=240)
        st.fragment(_look_again, run_every=POLL)()
        return
    if run.status != "finished":
        _did_not_finish(run)
        return
    with st.container(horizontal=True, gap="medium"):
        with st.container(width=seeds.CARD):
            components.result_card(run)
        small_map.show(run)
        if not narrow:
            with st.container(width=first_images.WIDTH):
                first_images.show(run)
    if change := server.runs.unfreezing(run):
        st.markdown(findings.unfreezing(change))
        fair_probe.show(run, change)
    _next_steps(run)
    if narrow:
        first_images.show(run)
    learned(run)


def _entry(entry: RunRow) -> None:
    """Several runs: how many have ended, and the one that is under way; at the end, all of them."""
    if entry.status in ENDED:
        entries.show(entry)
        resume_button(entry)
        _next_steps(entry)
        return
    ended, unit = sum(run.status in ENDED for run in entry.members), "seed" if entry.seeds else "run"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"{ended} of {formats.count(len(entry.members), unit)} done", width="content")
        _button(f"Stop all {unit}s", ":material/stop_circle:", entry, server.runs.stop)
    if entry.cells and ended:
        sweep.grid(entry)
    under_way = [run for run in entry.members if run.status not in ENDED]
    show(next((run for run in under_way if run.status == "running"), under_way[0]).id)


def learned(run: RunRow) -> None:
    """The curves of a run that has ended, if it has any."""
    if run.config.method in BY_EPOCH:
        curves(run.id, run.name, unfrozen_after(run.config.method, run.config.start, run.config.head_epochs))


def why_it_ended(run: RunRow) -> None:
    """What kept a run from finishing, and what to do about it."""
    error = run.error
    again = _TRAINING_STOPPED if run.status == "stopped" and run.config.method in TRAINED else _AGAIN[run.status]
    sentence = f"{error} {again}".strip()
    st.warning(formats.message(sentence), title=formats.plain(f"{run.name}: {run.status}"), icon=":material/error:")


def resume_button(run: RunRow) -> None:
    """The button that resumes a run, or what of an entry did not finish."""
    if run.resumable and people.may("change run", run.person):
        st.button(
            "Resume",
            icon=":material/play_arrow:",
            type="primary",
            key=f"resume-{run.id}",
            on_click=task_progress.attempt,
            args=(server.runs.resume, run.id),
        )


def curves(run_id: str, name: str, unfrozen: int | None) -> None:
    """Curves so far, by epoch or by batch, together with those of other runs."""
    values = server.runs.curves(run_id)
    if values.empty:
        return
    by_batch = values["metric"].str.startswith("batch_")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        by = "epoch"
        if by_batch.any():
            kinds = {"epoch": "By epoch", "batch": "By batch"}
            by = st.segmented_control(
                "Curves",
                list(kinds),
                format_func=kinds.__getitem__,
                default="batch" if by_batch.all() else "epoch",
                required=True,
                label_visibility="collapsed",
                key=f"by-{run_id}-{by_batch.all()}",
            )
        others = _others(run_id)
        chosen = st.multiselect(
            "Compare with",
            list(others),
            format_func=others.__getitem__,
            placeholder="Compare with other runs",
            label_visibility="collapsed",
            key=f"beside-{run_id}",
            select_all=False,
        )
    frames = [values.assign(run=name)]
    for number, other in enumerate(chosen, 2):
        frames.append(server.runs.curves(other).assign(run=f"{number}. {others[other]}"))
    figure = server.figures.of(training_charts.learning, pd.concat(frames), by=by, unfrozen=unfrozen)
    components.chart(figure, key=f"curves-{run_id}", alt=f"Training curves by {by}")


def unfrozen_after(method: str, start: str, head_epochs: int) -> int | None:
    """The epoch after which a fine-tune unfroze layers; None if from the start, or never."""
    return int(head_epochs) or None if method == "finetune" and not start else None


def queue(but: str = "") -> None:
    """The waiting and running runs, except one that is drawn elsewhere."""
    shown = {but}
    for run in server.runs.active():
        if {run.id, run.entry} & shown:
            continue
        entry = server.runs.find(run.entry) if run.entry else None
        shown.add(run.entry or run.id)
        with st.container(horizontal=True, vertical_alignment="center"):
            name = entry.name if entry else run.name
            components.link("train", name, icon=":material/schedule:", run=run.entry or run.id)
            st.caption(place(run), width="content")
            _stop_button(entry or run)


def place(run: Run) -> str:
    """The place of a run in the queue, or what it does."""
    if run.status == "queued" and (ahead := server.runs.ahead(run.id)):
        seconds = server.runs.begins(run.id)
        unknown = "how long they take is not known yet"
        when = unknown if seconds is None else f"likely to begin in {formats.about(seconds)}"
        return f"Waiting: {formats.count(ahead, 'run')} before it; {when}"
    return formats.stage(run.progress) if run.progress else "Starting"


def _live(run_id: str) -> None:
    active = server.runs.active()
    run = next((run for run in active if run.id == run_id), None)
    if run is None:  # it ended: redraw the whole page
        server.runs.refresh()
        components.redraw()
        return
    server.runs.follow(run)
    if why := server.runs.why_unavailable():
        st.warning(formats.message(why), icon=":material/cloud_off:")
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            dataset = formats.plain(server.datasets.title(run.config.dataset))
            st.markdown(f"**{formats.plain(run.name)}**", help=f"On {dataset}")
            if run.config.trains and run.status == "running":
                _button("Pause", ":material/pause_circle:", run, server.runs.pause)
            _stop_button(run)
        if run.progress is None:
            st.progress(0.0, text=place(run))
            return
        moment = run.progress
        st.progress(moment.fraction, text=formats.stage(moment))
        if moment.total > 1:
            figures = {moment.unit.capitalize(): formats.done(moment)}
            figures["Speed"] = formats.rate(moment.rate, moment.unit) if moment.rate else "–"
            figures["Left"] = formats.duration(moment.seconds_left) if moment.seconds_left else "–"
            if moment.memory:
                figures["Memory"] = formats.storage(moment.memory)
            with st.container(horizontal=True, gap="medium"):
                for name, value in figures.items():
                    st.markdown(f":gray[{name}]\n#### {value}", width="content", anchors=False)
        live_images.show(run, moment)
        if run.config.method in BY_EPOCH:
            curves(run.id, run.name, unfrozen_after(run.config.method, run.config.start, run.config.head_epochs))


def _look_again() -> None:
    if server.engine.settled():
        server.runs.refresh()
        components.redraw()


def _others(run_id: str) -> dict[str, str]:
    """Runs with curves, newest first: id -> title."""
    with_curves = [run for run in server.runs.rows() if run.config.method in BY_EPOCH and run.id != run_id]
    return {run.id: _short(run) for run in with_curves[:OTHERS]}


def _short(run: RunRow) -> str:
    result = formats.percent(run.accuracy) if run.has_result else run.status
    return f"{run.name} · {result}"


def _next_steps(run: RunRow) -> None:
    """Next steps after a result: a few links."""
    with st.container(horizontal=True, vertical_alignment="center"):
        components.link("compare", "Compare it", icon=":material/bar_chart:", run=run.id)
        if not run.members:
            small_map.link(run)
            _next_runs(run)
        components.link("backbones", "Another backbone", icon=":material/account_tree:")
        st.button("Close", icon=":material/close:", type="tertiary", on_click=visitor.update, kwargs={"run": ""})


def _next_runs(run: RunRow) -> None:
    """What one may train after this run."""
    if run.config.method in PROBES:
        other = "knn" if heads.has_layers(run.config.method) else "linear"
        title = f"Another head, same features: {heads.METHODS[other].title.lower()}"
        components.link(
            "train",
            "Another head, same features",
            icon=":material/bolt:",
            help=title,
            **same(run.config, method=other),
        )
        _fine_tune_link(run)
    elif run.config.method == "finetune":
        components.link(
            "train",
            "The same from scratch",
            icon=":material/child_care:",
            **same(
                run.config,
                method="scratch",
                backbone="CustomCNN",
                input_size=0,
                weights="untrained",
                recipe="",
                epochs=0,
                batch_size=0,
                learning_rate=0.0,
            ),
        )


def _fine_tune_link(run: RunRow) -> None:
    start = run.id if heads.has_layers(run.config.method) else ""
    components.link(
        "train",
        "Fine-tune from here",
        icon=":material/tune:",
        help="The fine-tune starts from its head." if start else "",
        **same(run.config, method="finetune", start=start, recipe="", epochs=0, batch_size=0, learning_rate=0.0),
    )


def _did_not_finish(run: RunRow) -> None:
    why_it_ended(run)
    if run.has_result:
        components.result_card(run)
    with st.container(horizontal=True, vertical_alignment="center"):
        resume_button(run)
        changes = {"learning_rate": run.config.learning_rate / 10, "recipe": ""} if run.status == "diverged" else {}
        label = "Try again with a tenth of the learning rate" if changes else "Use these settings"
        components.link("train", label, icon=":material/replay:", **same(run.config, **changes))
    learned(run)


def _stop_button(run: Run | RunRow) -> None:
    _button("Stop", ":material/stop_circle:", run, server.runs.stop)


def _button(label: str, icon: str, run: Run | RunRow, act) -> None:
    if not people.may("change run", run.person):
        return
    # A callback runs even if its fragment was redrawn between the click and its arrival.
    st.button(label, icon=icon, key=f"{label.lower()}-{run.id}", on_click=task_progress.attempt, args=(act, run.id))
