"""The tab Prompts of Zero-shot: class names and templates as text, and at once what every edit changes."""

import numpy as np
import pandas as pd
import streamlit as st

from core import metrics
from core.config import ZERO_SHOT, RunConfig
from core.data.datasets import Dataset
from core.errors import LabError
from core.zero_shot import classifier, prompts
from core.zero_shot.queries import Scored
from dashboard import server
from dashboard.ui import charts, components, findings, formats, run_charts, task_progress
from dashboard.zero_shot import charts as zero_shot_charts
from dashboard.zero_shot import shared

BOARD = "zero-shot-board"
SCALES = np.geomspace(1, 200, 40)
SHOWN = 12  # images gained, and lost
Tried = tuple[str, str, tuple[str, ...], tuple[str, ...]]  # model, dataset, class names, templates


def show(model: str, name: str, dataset: Dataset) -> None:
    """Edit; accuracy on validation, and what the last edit changed; the board; one click for the test split."""
    left, right = st.columns([4, 8], gap="large")
    with left:
        written = _edit(dataset)
    with right:  # beside the text, in sight
        try:
            names, templates = prompts.class_names(written[0]), prompts.templates(written[1])
        except LabError as error:
            components.show_error(error)
            return
        if len(names) != len(dataset.class_names):
            st.info(
                f"{formats.count(len(names), 'name')} for {len(dataset.class_names)} classes: accuracy needs one for "
                "each, in the dataset's order. Other classes are for the tab New classes.",
                title="No accuracy",
            )
            return
        found = server.zero_shot.score(model, name, names, templates)
        if found is None:
            shared.wait()
            return
        shared.cut(found.cut)
        before = _remember((model, name, names, templates), found)
        _accuracy(found, before)
    st.subheader("What the last edit changed", anchor=False)
    _change(dataset, found, before)
    _classes(found)
    _sureness(model, dataset, found)
    _board()
    _test(model, name, names, templates, dataset)


def _edit(dataset: Dataset) -> tuple[str, str]:
    """Class names and templates as they were written."""
    names = shared.text(
        f"names-{dataset.name}", "Class names, one a line", "\n".join(dataset.class_names), height=280,
        help="In the dataset's order; what you call a class is up to you",
    )  # fmt: skip
    with st.container(horizontal=True):
        for each in prompts.SETS.values():
            st.button(
                formats.count(each.count, "template"), key=f"set-{each.name}", help=f"{each.title}. {each.source}",
                on_click=shared.put, args=("templates", "\n".join(prompts.of_set(each.name))),
            )  # fmt: skip
    lines = shared.text(
        "templates", "Templates, one a line", "\n".join(prompts.of_set("single")),
        help="{} is where the class name goes; a class is the mean direction of its prompts",
    )  # fmt: skip
    return names, lines


def _remember(tried: Tried, found: Scored) -> Scored | None:
    """Put what was tried on the board; what was tried before it, for the same images."""
    board = st.session_state.setdefault(BOARD, [])
    if not board or board[-1][0] != tried:
        accuracy = metrics.accuracy(found.labels, found.cosines.argmax(axis=1))
        board.append((tried, accuracy, found.seconds))
    earlier = [other for other, *_ in board[:-1] if other[:2] == tried[:2] and other != tried]
    return server.zero_shot.score(*earlier[-1]) if earlier else None


def _accuracy(found: Scored, before: Scored | None) -> None:
    right = found.cosines.argmax(axis=1) == found.labels
    accuracy = metrics.accuracy(found.labels, found.cosines.argmax(axis=1))
    delta = None
    if before is not None:
        earlier = metrics.accuracy(before.labels, before.cosines.argmax(axis=1)).value
        delta = f"{100 * (accuracy.value - earlier):+.1f} points since the last edit"
    st.metric("Accuracy on validation images", formats.percent(accuracy.value), delta)
    st.markdown(
        f"95 % interval {formats.interval(accuracy.low, accuracy.high)}: {formats.count(int(right.sum()))} of "
        f"{formats.count(len(right), 'image')} lie nearest to their own class. None of their labels was used."
    )
    st.caption(f"Texts and similarities took {formats.milliseconds(found.seconds)} in the worker.")
    counts = _counts(found)
    figure = charts.per_class(counts)
    figure.update_traces(hovertemplate="%{x}: %{y:.1f} % of %{customdata[1]} validation images<extra></extra>")
    components.chart(figure, key="zero-shot-classes", alt="Accuracy of each class on validation images")


def _change(dataset: Dataset, found: Scored, before: Scored | None) -> None:
    if before is None:
        st.caption("Change a name or a template: the images gained and lost by it will stand here.")
        return
    now, then = (each.cosines.argmax(axis=1) for each in (found, before))
    right, right_then = now == found.labels, then == before.labels
    change = metrics.change(right_then, right)
    st.markdown(findings.change(change, "the prompts before", "these prompts", unit="validation image"))
    for column, title, chosen in zip(
        st.columns(2, gap="large"), ("Gained", "Lost"), (right & ~right_then, right_then & ~right), strict=True
    ):
        with column:
            places = np.flatnonzero(chosen)
            st.markdown(f"**{title}: {formats.count(len(places), 'image')}**")
            said = (then if title == "Gained" else now)[places]
            word = "was" if title == "Gained" else "now"
            captions = [
                f"{dataset.class_names[label]}, {word} {dataset.class_names[other]}"
                for label, other in zip(found.labels[places], said, strict=True)
            ]
            shared.wall(dataset, found.rows[places[:SHOWN]], captions)


def _classes(found: Scored) -> None:
    folded = st.expander("What it takes for what", icon=":material/grid_on:", key="zero-shot-folded", on_change="rerun")
    if not folded.open:
        return
    with folded:
        components.chart(charts.confusion(_counts(found)), key="zero-shot-confusion", alt="Confusion matrix")


def _sureness(model: str, dataset: Dataset, found: Scored) -> None:
    folded = st.expander(
        "How sure it is: the logit scale", icon=":material/tune:", key="zero-shot-sureness", on_change="rerun"
    )
    if not folded.open:  # an edit is answered sooner without the search for the best scale
        return
    with folded:
        scale = st.slider(
            "Logit scale", 1.0, 200.0, float(np.clip(found.scale, 1, 200)), key=f"scale-{model}",
            help="Cosines are multiplied by it before the softmax; the answer stays, how sure it is changes",
        )  # fmt: skip
        shares = classifier.probabilities(found.cosines, scale)
        error = metrics.calibration_error(found.labels, shares)
        best = classifier.best_scale(found.labels, found.cosines, SCALES)
        st.markdown(
            f"Calibration error {formats.percent(error)}. The model's own scale is {found.scale:.1f}; least error on "
            f"these validation images: {best:.1f}."
        )
        bins = metrics.calibration_bins(found.labels, shares, 10)
        components.chart(run_charts.calibration(bins), key="zero-shot-calibration", alt="Accuracy against confidence")
        row = st.selectbox("One image against all classes", found.rows, key="zero-shot-row")
        place = int(np.flatnonzero(found.rows == row)[0])
        image, bars = st.columns([1, 4], vertical_alignment="center")
        image.image(
            components.thumbnail(dataset.images[row], 160), caption=dataset.class_names[found.labels[place]], width=160
        )
        with bars:
            figure = zero_shot_charts.answers(found.class_names, found.cosines[place], shares[place])
            components.chart(figure, key="zero-shot-one", alt=f"Similarities of image {row}")


def _board() -> None:
    st.subheader("Prompts tried", anchor=False)
    rows = [
        {
            "Accuracy (%)": 100 * accuracy.value,
            "95 % interval": formats.interval(accuracy.low, accuracy.high),
            "Model": model,
            "Dataset": dataset,
            "Templates": len(templates),
            "First template": templates[0],
            "Class names": ", ".join(names),
            "Milliseconds": 1000 * seconds,
        }
        for (model, dataset, names, templates), accuracy, seconds in st.session_state.get(BOARD, [])
    ]
    frame = pd.DataFrame(rows).drop_duplicates(["Model", "Dataset", "First template", "Class names", "Templates"])
    shown = {"Accuracy (%)": st.column_config.NumberColumn(format="%.1f")}
    shown["Milliseconds"] = st.column_config.NumberColumn(format="%.0f")
    st.dataframe(frame.sort_values("Accuracy (%)", ascending=False), hide_index=True, column_config=shown)
    st.caption(
        "All on validation images. The more prompts one tries, the more the best of them owes to luck on these images: "
        "the test split below tells."
    )


def _test(model: str, name: str, names: tuple[str, ...], templates: tuple[str, ...], dataset: Dataset) -> None:
    st.subheader("The test split", anchor=False)
    if not server.engine.store_open():
        st.skeleton(height=40)
        return
    times = sum(
        run.status == "finished"
        and (run.config.method, run.config.dataset, run.config.backbone) == (ZERO_SHOT, name, model)
        for run in server.runs.rows()
    )
    st.markdown(
        f"Asked {formats.count(times, 'time')} so far with {model} on this dataset. Ask it once, when the prompts are "
        "chosen: each further look makes its answer less of a test."
    )
    chosen = next((each for each in prompts.SETS if prompts.of_set(each) == templates), "\n".join(templates))
    called = "" if names == dataset.class_names else "\n".join(names)

    def test() -> None:
        config = RunConfig(dataset=name, backbone=model, method=ZERO_SHOT, templates=chosen, classes=called)
        st.session_state["zero-shot-run"] = server.runs.submit(config)

    st.button(
        "Test these prompts", key="zero-shot-test", icon=":material/flag:", on_click=task_progress.attempt, args=(test,)
    )
    if run := st.session_state.get("zero-shot-run"):
        components.link("run", "See the run", icon=":material/search_insights:", run=run)
        components.link("compare", "Compare it with probes", icon=":material/bar_chart:")


def _counts(found: Scored) -> pd.DataFrame:
    counts = metrics.confusion(found.labels, found.cosines.argmax(axis=1), len(found.class_names))
    return pd.DataFrame(counts, index=found.class_names, columns=found.class_names)
