"""How sure a run is, and of what: calibration, the surest mistakes, the least certain right answers, one explained."""

import streamlit as st

from core import metrics
from core.runs import RunRow
from dashboard import server
from dashboard.run import explanation
from dashboard.state import visitor
from dashboard.ui import choices, components, findings, formats, image_grid, notable_images, run_charts

TAB = "Images"  # of the page Run
GROUPS = {"mistakes": "Surest mistakes", "hesitant": "Unsure but right"}
AT_ONCE = 12
BINS = 10  # readable from the last row; the error itself is of 15, as it is published


def show(run: RunRow) -> None:
    """Telling images with one of them explained, and calibration under them."""
    _images(run)
    _calibration(run)


def _images(run: RunRow) -> None:
    """The images that tell most, and the one that was chosen beside its explanation."""
    predictions = server.runs.predictions(run.id)
    left, right = st.columns([5, 7] if visitor.get().projector else 2, gap="large")
    with left:
        group = choices.titled(
            st.segmented_control, "group", "Images", GROUPS, required=True, wrap=True, label_visibility="collapsed"
        )
        pick = {"mistakes": notable_images.surest_mistakes, "hesitant": notable_images.least_certain_right}[group]
        rows = pick(predictions)
        st.markdown(_what(group, len(rows), len(predictions)))
        rows = rows[:AT_ONCE]
        captions = image_grid.said(run, rows)
        if group == "mistakes":
            captions = [
                f"**{true}** as {said}" for true, said in zip(image_grid.truth(run, rows), captions, strict=True)
            ]
        image_grid.show(run, rows, captions, key=group)
    with right:
        first = int(rows[0]) if len(rows) else int(predictions["row"].iloc[0])
        row = image_grid.asked()
        with st.container(horizontal=True, vertical_alignment="bottom"):
            _any_row(first if row is None else row)
        explanation.show(run, first if row is None else row)


def _calibration(run: RunRow) -> None:
    """Whether it is as often right as it is sure."""
    predictions = server.runs.predictions(run.id)
    labels = predictions["label"].to_numpy()
    probabilities = predictions.filter(regex=r"^p_\d+$").to_numpy()
    bins = metrics.calibration_bins(labels, probabilities, BINS)
    st.subheader("Is it as often right as it is sure?", anchor=False)
    st.markdown(findings.calibration(bins, metrics.calibration_error(labels, probabilities)))
    components.chart(
        run_charts.calibration(bins), key=f"calibration-{run.id}", alt="Accuracy against confidence, in ten bins"
    )


def _any_row(shown: int) -> None:
    """Another image by its row id."""
    st.session_state["any-row"] = shown

    def keep() -> None:
        image_grid.ask(int(st.session_state["any-row"]))

    st.number_input(
        "Row id of any test image",
        min_value=0,
        step=1,
        key="any-row",
        on_change=keep,
        width=300,
        help="Its position in the dataset; predictions, features and images are joined by it",
    )


def _what(group: str, found: int, tested: int) -> str:
    share = f"{formats.count(found)} of {formats.count(tested, 'test image')}"
    if group == "mistakes":
        return f"Wrong on {share}. Of these it was most sure; press one to see why." if found else "It made no mistake."
    return f"Right on {share}. Of these it was least sure; press one to see why." if found else "It is never right."
