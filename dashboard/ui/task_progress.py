"""How a task of the worker is shown: begun by a button, its progress with a way to cancel it, why it ended."""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import streamlit as st

from core import people
from core.errors import LabError, Stopped
from core.features.estimates import Count
from dashboard.server import tasks as server_tasks
from dashboard.server.tasks import Task
from dashboard.ui import components, formats

POLL = 0.7  # seconds between updates
KINDS = {"import": "import", "fetch": "download"}  # by how the name of a task begins


def attempt(action: Callable[..., Any], *args) -> None:
    """Do something in a callback; an error that a visitor may read becomes a toast."""
    try:
        action(*args)
    except LabError as error:
        st.toast(formats.message(str(error)), icon=":material/error:")


def begin(tasks: Iterable[Task], counted: Count | None = None) -> None:
    """`tasks.begin`, for callbacks."""
    attempt(server_tasks.begin, list(tasks), counted)


def cost(counted: Count) -> None:
    """What tasks will compute and about how long it takes, beside their button; hovering shows how that was counted."""
    estimate = counted.estimate()
    images = f"{formats.count(counted.images, 'image')} to process" if counted.images else "Features are cached"
    if estimate is None:
        st.markdown(f":gray[{images}; the speed here has not been measured yet]", width="content")
    elif estimate.seconds < 1:
        st.markdown(f":gray[{images}: a few seconds]", width="content")
    else:
        text = f":gray[{images}, about {formats.duration(estimate.seconds)} in all]"
        st.markdown(text, help=f"{formats.plain(estimate.basis)}.", width="content")


def begin_button(tasks: Iterable[Task], label: str, *, icon: str, key: str, counted: Count | None = None) -> None:
    """The button that begins what a page is about, and what that will compute."""
    st.button(label, type="primary", icon=icon, key=key, on_click=begin, args=(list(tasks), counted))
    if counted:
        cost(counted)


def place(task: Task) -> str:
    """What begins before a task that waits, "Waiting: 1 download and 2 imports before it"; empty if nothing does."""
    kinds = Counter(KINDS.get(name.partition("-")[0], "task") for name in task.before)
    before = " and ".join(formats.count(number, kind) for kind, number in sorted(kinds.items()))
    return f"Waiting: {before} before it" if before else ""


def bar(task: Task, label: str = "", *, waiting: str = "Starting") -> None:
    """The progress of a running task, or its place in the line, or what it does before its first report."""
    moment = task.progress
    text = formats.progress(moment) if moment else place(task) or waiting
    st.progress(moment.fraction if moment else 0.0, text=f"{label} · {text}" if label else text)


def cancel_button(tasks: Iterable[Task], *, key: str) -> None:
    """A button that cancels tasks, for those who may."""
    tasks = list(tasks)
    if not all(people.may("cancel", task.person) for task in tasks):
        return
    st.button("Cancel", icon=":material/stop_circle:", key=key, on_click=attempt, args=(_cancel, tasks))


CONTINUES = "Finished {} are kept; the next attempt continues from there."
NOTHING_KEPT = "Nothing is kept; the next attempt starts again."


def offer(
    task: Task,
    label: str,
    *,
    why: str,
    icon: str,
    kept: str = NOTHING_KEPT,
    counted: Count | None = None,
    ended: Callable[[], None] | None = None,
) -> None:
    """Offer a task whose result is shown in its place once there is one, or show how far it is.

    Args:
        label: Of the button that begins it.
        why: What it is good for, in a sentence or two of Markdown.
        kept: What a cancelled attempt leaves, in a sentence.
        counted: What it will compute; None: it is quick.
        ended: Called when it has ended, before the page is drawn again.
    """
    if task.running:
        wait(task, ended)
        return
    why_it_ended(task.error, kept=kept)
    st.markdown(why)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(label, icon=icon, key=f"begin-{task.name}", on_click=begin, args=([task], counted))
        if counted:
            cost(counted)


@st.fragment(run_every=POLL)
def wait(task: Task, ended: Callable[[], None] | None = None) -> None:
    """The progress of a task, and the page again when it has ended."""
    if not task.running:
        if ended:
            ended()
        components.redraw()
    bar(task)
    cancel_button([task], key=f"cancel-{task.name}")


def why_it_ended(error: LabError | None, *, kept: str = CONTINUES.format("features")) -> None:
    """Why the last attempt failed; nothing if it did not.

    Args:
        kept: What a cancelled attempt leaves, in a sentence.
    """
    if isinstance(error, Stopped):
        st.info(kept, title="Cancelled")
    elif error:
        components.show_error(error)


def _cancel(tasks: list[Task]) -> None:
    for task in tasks:
        task.cancel()
