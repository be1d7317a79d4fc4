"""Whether a run on the images of the lesson on shortcuts has learned their backgrounds."""

import numpy as np
import pandas as pd
import streamlit as st

from core.data import shortcut as images
from core.explain import shortcut as measuring
from core.explain.attribution import TITLES
from core.explain.shortcut import Shortcut
from core.runs import RunRow
from dashboard import server
from dashboard.ui import components, findings, formats, image_grid, run_charts, task_progress

TAB = "Backgrounds"
PHOTOS = 6  # shown on each background
NAMES = ("the run on known backgrounds", "the run on those of another class")  # in the middle of a sentence


def show(run: RunRow) -> None:
    """What was measured, or the button that measures it."""
    task = server.explain.other_backgrounds(run.id)
    measured = None if task.running else server.explain.shortcut(run.id)
    if measured is None:
        task_progress.offer(
            task,
            "Try other backgrounds",
            why="Each photo lies on a background in the colour of its class. The same photos on grey, and in the "
            "colour of another class, show whether this run recognises what is on them or only the colour.",
            icon=":material/format_color_fill:",
        )
        return
    st.markdown(f"{findings.change(measured.change('swapped'), *NAMES)} {_follows(measured)}")
    left, right = st.columns([7, 5], gap="large")
    with left:
        _accuracies(run, measured)
    with right:
        _evidence(measured)
    _photos(run, measured)


def _follows(measured: Shortcut) -> str:
    return (
        f"On the background of another class, {formats.percent(measured.follows.value)} of the photos are taken for "
        f"that class ({formats.interval(measured.follows.low, measured.follows.high)})."
    )


def _accuracies(run: RunRow, measured: Shortcut) -> None:
    rows = [(title, measured.accuracy(version)) for version, title in images.VERSIONS.items()]
    frame = pd.DataFrame(
        {"name": title, "accuracy": each.value, "accuracy_low": each.low, "accuracy_high": each.high}
        for title, each in rows
    )
    alt = "Accuracy on each version of the backgrounds"
    components.chart(run_charts.accuracies(frame), key=f"backgrounds-{run.id}", alt=alt)
    tested = formats.count(len(measured.labels), "test image")
    st.caption(f"The same {tested} each time, measured on {measured.hardware}; intervals are Wilson's.")


def _evidence(measured: Shortcut) -> None:
    area = formats.percent(measuring.AREA)
    st.markdown(f"**Evidence on the background**, which is {area} of an image")
    st.dataframe(
        {
            "Method": [TITLES[method] for method in measured.evidence],
            "Share": [formats.percent(share.value) for share in measured.evidence.values()],
            "95 % interval": [formats.interval(share.low, share.high) for share in measured.evidence.values()],
        },
        hide_index=True,
        height="content",
    )
    st.caption(_where(measured))


def _where(measured: Shortcut) -> str:
    """Which methods point at the background."""
    there = [TITLES[method] for method, share in measured.evidence.items() if share.low > measuring.AREA]
    if not there:
        return "No method finds more evidence there than its area, as far as these images can tell."
    return f"More than its area, beyond doubt: {formats.listed(there)}."


def _photos(run: RunRow, measured: Shortcut) -> None:
    """A few photos on each background, with the answers."""
    dataset = image_grid.dataset_of(run)
    if dataset is None:
        return
    some = np.linspace(0, len(measured.rows) - 1, min(PHOTOS, len(measured.rows))).astype(int)
    photos, labels = dataset.images[np.array(measured.rows)[some]], np.array(measured.labels)[some]
    for column, (version, title) in zip(st.columns(len(images.VERSIONS)), images.VERSIONS.items(), strict=True):
        column.markdown(f"**{title}**")
        answers = np.array(measured.predictions[version])[some]
        shown = images.recoloured(photos, labels, version)
        column.image(
            [components.thumbnail(image, 96) for image in shown],
            caption=[formats.plain(dataset.class_names[answer]) for answer in answers],
            width=96,
        )
