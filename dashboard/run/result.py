"""The result of one run in detail: its accuracy, its confidence, and which classes it confuses."""

import numpy as np
import pandas as pd
import streamlit as st

from core.backbones import PUBLISHED
from core.runs import Outcome, RunRow
from dashboard import server
from dashboard.run import confidence, fair_probe, published, without_teacher
from dashboard.state import visitor
from dashboard.ui import class_charts, components, findings, formats, image_grid, run_charts, selections


def show(run: RunRow, outcome: Outcome) -> None:
    """Accuracy with its protocol; phases; classes; the confusion matrix with the images of the chosen cell."""
    _headline(run, outcome)
    published.show(run, outcome)
    if len(outcome.stages) > 1:
        st.subheader("Phase by phase", anchor=False)
        components.chart(
            run_charts.accuracies(pd.DataFrame(outcome.stages)),
            key=f"stages-{run.id}",
            alt="Accuracy after each phase with its interval",
        )
        _unfreezing(run)
    without_teacher.show(run)
    counts = server.runs.confusion(run.id)
    st.subheader("Accuracy by class", anchor=False)
    st.markdown(findings.classes(counts))
    components.chart(
        server.figures.of(class_charts.per_class, counts),
        key=f"classes-{run.id}",
        alt="Accuracy of each class with its interval",
    )
    st.subheader("Confusion matrix", anchor=False)
    st.caption("Choose a cell to see its images; click an image's caption to see what supports the prediction.")
    projected = visitor.get().projector  # then the matrix needs the whole width to be read
    left, right = (st.container(), st.container()) if projected else st.columns([13, 11], gap="large")
    with left:
        event = components.chart(
            server.figures.of(class_charts.confusion, counts),
            key=f"confusion-{run.id}",
            alt="Confusion matrix",
            selection="points",
        )
    with right:
        _cell(run, counts, selections.cell(event) or _worst(counts))


def _unfreezing(run: RunRow) -> None:
    """Whether the fine-tune is better than the frozen backbone."""
    if change := server.runs.unfreezing(run):
        st.markdown(findings.unfreezing(change))
        fair_probe.show(run, change)
        if change.paired:
            label = "See them on the map, before and after"
            components.link("before_after", label, icon=":material/compare:", run=run.id)


def _headline(run: RunRow, outcome: Outcome) -> None:
    left, right = st.columns([4, 8], gap="large")
    with left:
        st.metric("Accuracy on test images", formats.percent(outcome.accuracy))
        st.markdown(
            f"95 % interval {formats.interval(outcome.accuracy_low, outcome.accuracy_high)}, "
            f"from {formats.count(outcome.n_test, 'image')}"
        )
    with right:
        components.measured(outcome.hardware, outcome.protocol)
        st.markdown(f"{formats.plain(outcome.protocol)}.")
        spent = [f"{name} {formats.duration(seconds)}" for name, seconds in outcome.seconds.items() if seconds >= 0.05]
        details = [f"Measured on {outcome.hardware}", ", ".join(spent)]
        if outcome.validation_accuracy is not None:
            details.append(f"validation {formats.percent(outcome.validation_accuracy)}")
        if outcome.top5 is not None:
            details.append(f"top-5 {formats.percent(outcome.top5)}")
        if outcome.cached:
            details.append("features from the cache")
        if outcome.weights_origin not in PUBLISHED and run.config.method != "scratch":
            details.append(f"{outcome.weights_origin} weights")
        st.caption(" · ".join(details))
        for note in outcome.notes:
            st.caption(f":material/info: {formats.plain(note)}")
        components.leaks(run)


def _cell(run: RunRow, counts: pd.DataFrame, cell: tuple[str, str]) -> None:
    true, predicted = cell
    rows = selections.cell_rows(server.runs.predictions(run.id), list(counts.columns), cell)
    verb = "recognised as" if true == predicted else "mistaken for"
    verdict = f"**{formats.plain(true)}** {verb} **{formats.plain(predicted)}**"
    st.markdown(f"{verdict}: {formats.count(len(rows), 'image')}, the most confident first")
    confidences = server.runs.predictions(run.id).set_index("row").loc[rows, "confidence"]
    image_grid.show(run, rows, [formats.percent(value) for value in confidences], key="cell", tab=confidence.TAB)


def _worst(counts: pd.DataFrame) -> tuple[str, str]:
    """The most frequent confusion, shown until the visitor chooses another cell."""
    wrong = counts.to_numpy().copy()
    np.fill_diagonal(wrong, -1)
    true, predicted = map(int, np.unravel_index(wrong.argmax(), wrong.shape))
    return str(counts.index[true]), str(counts.columns[predicted])
