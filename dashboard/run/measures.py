"""More than accuracy: every measure of a run with its interval, each class and its curves, a run that may say "I don't
know", and mistakes that cost different amounts."""

import numpy as np
import pandas as pd
import streamlit as st

from core.evaluation.measures import THRESHOLDS, Answering, Measure, Measured
from core.runs import RunRow
from dashboard import server
from dashboard.run import costs
from dashboard.ui import components, formats, run_charts

TAB = "Measures"  # of the page Run
POLL = 0.5  # seconds between looks for the answer of the worker
MOST_CURVES = 10  # classes with curves; more lines cannot be told apart


def show(run: RunRow) -> None:
    """All measures, the classes beside them, and below what declining brings."""
    measured = server.runs.measures(run.id)
    if measured is None:
        st.skeleton(height=390)
        st.fragment(_look_again, run_every=POLL)(run.id)
        return
    if measured.misleading is not None:
        st.warning(
            f"Accuracy misleads here: always answering the most frequent class would be right on "
            f"{formats.percent(measured.misleading)} of the test images. Use the balanced accuracy.",
            icon=":material/balance:",
        )
    left, right = st.columns([5, 7], gap="large")
    with left:
        st.dataframe(
            pd.DataFrame([_row(each) for each in measured.measures]),
            hide_index=True,
            height="content",
            column_config={"Meaning": None},
        )
        with st.expander("What they mean", icon=":material/help:"):
            st.markdown("\n".join(f"- **{each.title}**: {each.meaning}." for each in measured.measures))
    with right:
        class_names = list(server.runs.confusion(run.id).columns)
        table = measured.classes.assign(**{"class": class_names})
        names = {
            "class": "Class",
            "images": "Images",
            "precision": "Precision",
            "recall": "Recall",
            "f1": "F1",
            "roc_auc": "ROC area",
            "average_precision": "Average precision",
        }
        shown = table[list(names)].rename(columns=names)
        figures = {name: st.column_config.NumberColumn(format="%.3f") for name in list(names.values())[2:]}
        st.dataframe(shown, hide_index=True, column_config=figures, height="content" if len(shown) <= 10 else 390)
    curves, declining, costing = st.tabs(["Curves of each class", "If it may say “I don't know”", "What mistakes cost"])
    with curves:
        _curves(run, measured, class_names)
    with declining:
        _declining(run, measured.answering)
    with costing:
        costs.show(run, class_names)


def _look_again(run_id: str) -> None:
    if server.engine.settled() and not server.runs.measuring(run_id):
        components.redraw()


def _row(measure: Measure) -> dict[str, str]:
    value = measure.value
    if measure.share:
        return {
            "Measure": measure.title,
            "Value": formats.percent(value.value),
            "95 % interval": formats.interval(value.low, value.high),
        }
    interval = f"{value.low:.3f} to {value.high:.3f}"
    return {"Measure": measure.title, "Value": f"{value.value:.3f}", "95 % interval": interval}


def _curves(run: RunRow, measured: Measured, class_names: list[str]) -> None:
    """ROC and precision against recall side by side, of the classes with the least areas if there are many."""
    table = measured.classes
    drawings = (
        (
            "roc_auc",
            run_charts.roc,
            "ROC: the rate of true against that of false positives, each class against the rest",
        ),
        ("average_precision", run_charts.precision_recall, "Precision against recall, each class against the rest"),
    )
    for column, (area, draw, alt) in zip(st.columns(2, gap="large"), drawings, strict=True):
        areas = table[area].to_numpy()
        worst = [int(index) for index in np.argsort(areas, kind="stable")[:MOST_CURVES] if not np.isnan(areas[index])]
        if not worst:
            continue
        names = {index: f"{class_names[index]} {areas[index]:.3f}" for index in sorted(worst)}
        with column:
            components.chart(draw(measured.curves, names), key=f"{area}-{run.id}", alt=alt)
            few = f"; only the {MOST_CURVES} smallest are drawn" if len(table) > MOST_CURVES else ""
            st.caption(f"Beside each class: the area under its curve{few}.")


def _declining(run: RunRow, points: list[Answering]) -> None:
    threshold = st.slider(
        "Answer at this confidence or above",
        0,
        100,
        50,
        format="%d %%",
        key="least-confidence",
        width=360,
        help="The probability of the predicted class. Less confident images get no answer",
    )
    point = points[int(np.abs(THRESHOLDS - threshold / 100).argmin())]
    if point.coverage.value:
        st.markdown(
            f"It answers **{formats.percent(point.coverage.value)}** of the images and is right on "
            f"**{formats.percent(point.accuracy.value)}** of these "
            f"({formats.interval(point.accuracy.low, point.accuracy.high)}), instead of "
            f"{formats.percent(points[0].accuracy.value)} of all."
        )
    else:
        st.markdown("It answers none of the images.")
    components.chart(
        run_charts.answering(points, point), key=f"answering-{run.id}", alt="Accuracy against the share answered"
    )
    st.caption("A threshold chosen here was chosen on the test images: report its accuracy on other images.")
