"""How confident a run is: its most confident mistakes, its least confident correct predictions, and calibration."""

import streamlit as st

from core import metrics
from core.runs import RunRow
from dashboard import server
from dashboard.run import explanation, faithfulness
from dashboard.state import visitor
from dashboard.ui import choices, components, findings, formats, image_grid, notable_images, run_charts

TAB = "Images"  # of the page Run
GROUPS = {"mistakes": "Confident mistakes", "hesitant": "Unsure but right"}
AT_ONCE = 12
BINS = 10  # few enough to read on a projector; the calibration error uses 15, as usual in publications


def show(run: RunRow) -> None:
    """Notable images, one of them explained, whether to believe that, and the calibration below."""
    _images(run)
    faithfulness.show(run)
    _calibration(run)


def _images(run: RunRow) -> None:
    """The images of the chosen group, and the explanation of the selected one."""
    predictions = server.runs.predictions(run.id)
    left, right = st.columns([5, 7] if visitor.get().projector else 2, gap="large")
    with left:
        group = choices.titled(
            st.segmented_control, "group", "Images", GROUPS, required=True, wrap=True, label_visibility="collapsed"
        )
        select = {"mistakes": notable_images.surest_mistakes, "hesitant": notable_images.least_certain_right}[group]
        rows = select(predictions)
        st.markdown(_summary(group, len(rows), len(predictions)))
        rows = rows[:AT_ONCE]
        captions = image_grid.predicted(run, rows)
        if group == "mistakes":
            captions = [
                f"**{true}** as {predicted}"
                for true, predicted in zip(image_grid.truth(run, rows), captions, strict=True)
            ]
        image_grid.show(run, rows, captions, key=group)
    with right:
        first = int(rows[0]) if len(rows) else int(predictions["row"].iloc[0])
        row = image_grid.selected()
        with st.container(horizontal=True, vertical_alignment="bottom"):
            _any_row(first if row is None else row)
        methods = explanation.methods([run.config.backbone], explanation.usual(run))
        explanation.show(run, first if row is None else row, methods)


def _calibration(run: RunRow) -> None:
    """Whether its confidence matches its accuracy."""
    predictions = server.runs.predictions(run.id)
    labels = predictions["label"].to_numpy()
    probabilities = predictions.filter(regex=r"^p_\d+$").to_numpy()
    bins = metrics.calibration_bins(labels, probabilities, BINS)
    st.subheader("Is it right as often as its confidence says?", anchor=False)
    st.markdown(findings.calibration(server.runs.judged_calibration(run.id)))
    components.chart(
        run_charts.calibration(bins), key=f"calibration-{run.id}", alt="Accuracy against confidence, in ten bins"
    )


def _any_row(shown: int) -> None:
    """A field for the row id of any other image."""
    st.session_state["any-row"] = shown

    def keep() -> None:
        image_grid.select(int(st.session_state["any-row"]))

    st.number_input(
        "Row id of any test image",
        min_value=0,
        step=1,
        key="any-row",
        on_change=keep,
        width=300,
        help="Its position in the dataset, which identifies its prediction, features and pixels",
    )


def _summary(group: str, n_images: int, n_test: int) -> str:
    share = f"{formats.count(n_images)} of {formats.count(n_test, 'test image')}"
    if group == "mistakes":
        if not n_images:
            return "It made no mistake."
        return f"Wrong on {share}; the most confident mistakes come first. Click one to see why."
    if not n_images:
        return "It is never right."
    return f"Right on {share}; the least confident ones come first. Click one to see why."
