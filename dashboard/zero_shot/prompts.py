"""The tab Prompts of Zero-shot: class names and templates to edit, and the immediate effect of every edit."""

from contextlib import suppress

import numpy as np
import pandas as pd
import streamlit as st

from core import calibration, metrics
from core.config import ZERO_SHOT, RunConfig
from core.data.datasets import Dataset
from core.errors import LabError
from core.zero_shot import classifier, prompts
from core.zero_shot import published as figures
from core.zero_shot.queries import Scored
from core.zero_shot.tried import Prompts
from dashboard import server
from dashboard.run import published
from dashboard.ui import class_charts, components, findings, formats, run_charts, task_progress
from dashboard.zero_shot import charts as zero_shot_charts
from dashboard.zero_shot import shared

TRIED = "zero-shot-tried"  # in this tab, the latest last
SCALES = np.geomspace(1, 200, 40)
SHOWN = 12  # images gained, and lost
Question = tuple[str, str, tuple[str, ...], tuple[str, ...]]  # model, dataset, class names, templates


def show(model: str, name: str, dataset: Dataset) -> None:
    """Editing, validation accuracy, the effect of the last edit, and the test split."""
    left, right = st.columns([4, 8], gap="large")
    with left:
        names_text, templates_text = _edit(dataset)
    with right:  # next to the text, in view
        try:
            names, templates = prompts.class_names(names_text), prompts.templates(templates_text)
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
        scored = server.zero_shot.score(model, name, names, templates)
        if scored is None:
            shared.wait()
            return
        shared.cut(scored.cut)
        previous = _remember(dataset, (model, name, names, templates), scored)
        _accuracy(scored, previous)
        _published(model, name, templates, scored)
    st.subheader("What the last edit changed", anchor=False)
    _change(dataset, scored, previous)
    _confusion(scored)
    _confidence(model, dataset, scored)
    _test(model, name, names, templates, dataset)


def _edit(dataset: Dataset) -> tuple[str, str]:
    """Class names and templates as the visitor wrote them."""
    default_names, default_templates = _defaults(dataset)
    names = shared.text(
        f"names-{dataset.name}",
        "Class names, one per line",
        "\n".join(default_names),
        height=280,
        help="In the dataset's order; what you call a class is up to you",
    )
    with st.container(horizontal=True):
        for template_set in prompts.SETS.values():
            st.button(
                formats.count(template_set.count, "template"),
                key=f"set-{template_set.name}",
                help=f"{template_set.title}. {template_set.source}",
                on_click=shared.put,
                args=("templates", "\n".join(prompts.of_set(template_set.name))),
            )
    lines = shared.text(
        "templates",
        "Templates, one per line",
        "\n".join(default_templates),
        help="{} is where the class name goes; a class is represented by the mean direction of its prompts",
    )
    return names, lines


def _defaults(dataset: Dataset) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Class names and templates before any edit."""
    return tuple(map(prompts.spoken, dataset.class_names)), prompts.of_set("single")


def _remember(dataset: Dataset, question: Question, scored: Scored) -> Scored | None:
    """Keep edited prompts, for all who see them; return the scores of those tried before them on the same images."""
    questions = st.session_state.setdefault(TRIED, [])
    if not questions or questions[-1] != question:
        questions.append(question)
        model, _, names, templates = question
        right = int((scored.cosines.argmax(axis=1) == scored.labels).sum())
        if (names, templates) != _defaults(dataset):
            with suppress(OSError):  # a full disk keeps nothing
                server.zero_shot.keep(dataset, Prompts(model, names, templates, right, len(scored.labels)))
    earlier = [other for other in questions[:-1] if other[:2] == question[:2] and other != question]
    return server.zero_shot.score(*earlier[-1]) if earlier else None


def _accuracy(scored: Scored, previous: Scored | None) -> None:
    right = scored.cosines.argmax(axis=1) == scored.labels
    accuracy = metrics.accuracy(scored.labels, scored.cosines.argmax(axis=1))
    delta = None
    if previous is not None:
        earlier = metrics.accuracy(previous.labels, previous.cosines.argmax(axis=1)).value
        delta = f"{100 * (accuracy.value - earlier):+.1f} points since the last edit"
    st.metric("Accuracy on validation images", formats.percent(accuracy.value), delta)
    st.markdown(
        f"95 % interval {formats.interval(accuracy.low, accuracy.high)}: {formats.count(int(right.sum()))} of "
        f"{formats.count(len(right), 'image')} are nearest to their own class. None of their labels was used."
    )
    st.caption(f"Texts and similarities took {formats.milliseconds(scored.seconds)} in the worker.")
    counts = _counts(scored)
    figure = class_charts.per_class(counts)
    figure.update_traces(hovertemplate="%{x}: %{y:.1f} % of %{customdata[1]} validation images<extra></extra>")
    components.chart(figure, key="zero-shot-classes", alt="Accuracy of each class on validation images")


def _published(model: str, dataset: str, templates: tuple[str, ...], scored: Scored) -> None:
    """What was published for the model, and what differs from that here."""
    accuracy = metrics.accuracy(scored.labels, scored.cosines.argmax(axis=1))
    if published.compare(model, dataset, accuracy, "Here, on validation images, the accuracy is"):
        here = f"{formats.count(len(scored.labels), 'validation image')}, {formats.count(len(templates), 'template')}"
        st.caption(
            f"Published: {figures.TESTED:,} test images, the 18 templates of the usual evaluation. Here: {here}."
        )


def _change(dataset: Dataset, scored: Scored, previous: Scored | None) -> None:
    if previous is None:
        st.caption("Change a name or a template: the images gained and lost by it appear here.")
        return
    now, then = (result.cosines.argmax(axis=1) for result in (scored, previous))
    right, right_then = now == scored.labels, then == previous.labels
    change = metrics.change(right_then, right)
    st.markdown(findings.change(change, "the previous prompts", "these prompts", unit="validation image"))
    for column, title, chosen in zip(
        st.columns(2, gap="large"), ("Gained", "Lost"), (right & ~right_then, right_then & ~right), strict=True
    ):
        with column:
            positions = np.flatnonzero(chosen)
            st.markdown(f"**{title}: {formats.count(len(positions), 'image')}**")
            predicted = (then if title == "Gained" else now)[positions]
            word = "was" if title == "Gained" else "now"
            captions = [
                formats.plain(f"{dataset.class_names[label]}, {word} {dataset.class_names[other]}")
                for label, other in zip(scored.labels[positions], predicted, strict=True)
            ]
            shared.image_row(dataset, scored.rows[positions[:SHOWN]], captions)


def _confusion(scored: Scored) -> None:
    folded = st.expander(
        "Which classes it confuses", icon=":material/grid_on:", key="zero-shot-folded", on_change="rerun"
    )
    if not folded.open:
        return
    with folded:
        components.chart(class_charts.confusion(_counts(scored)), key="zero-shot-confusion", alt="Confusion matrix")


def _confidence(model: str, dataset: Dataset, scored: Scored) -> None:
    folded = st.expander(
        "How sure it is: the logit scale", icon=":material/tune:", key="zero-shot-sureness", on_change="rerun"
    )
    if not folded.open:  # edits are faster without the search for the best scale
        return
    with folded:
        scale = st.slider(
            "Logit scale",
            1.0,
            200.0,
            float(np.clip(scored.scaling.scale, 1, 200)),
            key=f"scale-{model}",
            help=f"Cosines are multiplied by it before the {scored.scaling.activation}: the prediction stays, its "
            "confidence changes",
        )
        shares = classifier.probabilities(scored.cosines, scored.scaling._replace(scale=scale))
        measured = calibration.measure(scored.labels, shares)
        best = classifier.best_scale(scored.labels, scored.cosines, SCALES, scored.scaling.bias)
        st.markdown(
            f"Calibration error {formats.percent(measured.error)}; by chance, a perfectly calibrated model would have "
            f"{formats.percent(measured.chance)} on as many images. The model's own scale is "
            f"{scored.scaling.scale:.1f}; the least error on these validation images is at {best:.1f}."
        )
        if scored.scaling.bias is not None:
            st.caption(shared.explain(scored.scaling))
        bins = metrics.calibration_bins(scored.labels, shares, 10)
        components.chart(run_charts.calibration(bins), key="zero-shot-calibration", alt="Accuracy against confidence")
        row = st.selectbox("One image against all classes", scored.rows, key="zero-shot-row")
        position = int(np.flatnonzero(scored.rows == row)[0])
        image, bars = st.columns([1, 4], vertical_alignment="center")
        image.image(
            components.thumbnail(dataset.images[row], 160),
            caption=formats.plain(dataset.class_names[scored.labels[position]]),
            width=160,
        )
        with bars:
            figure = zero_shot_charts.answers(scored.class_names, scored.cosines[position], shares[position])
            components.chart(figure, key="zero-shot-one", alt=f"Similarities of image {row}")


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
        f"Used {formats.count(times, 'time')} so far with {model} on this dataset. Use it once, when the prompts are "
        "chosen: every further use makes it less of a test."
    )
    templates_field = next((key for key in prompts.SETS if prompts.of_set(key) == templates), "\n".join(templates))
    own = names != _defaults(dataset)[0]
    classes_field = "\n".join(names) if own else ""

    def test() -> None:
        config = RunConfig(
            dataset=name, backbone=model, method=ZERO_SHOT, templates=templates_field, classes=classes_field
        )
        st.session_state["zero-shot-run"] = server.runs.submit(config)

    st.button(
        "Test these prompts", key="zero-shot-test", icon=":material/flag:", on_click=task_progress.attempt, args=(test,)
    )
    if run := st.session_state.get("zero-shot-run"):
        components.link("run", "See the run", icon=":material/search_insights:", run=run)
        components.link("compare", "Compare it with probes", icon=":material/bar_chart:")


def _counts(scored: Scored) -> pd.DataFrame:
    counts = metrics.confusion(scored.labels, scored.cosines.argmax(axis=1), len(scored.class_names))
    return pd.DataFrame(counts, index=scored.class_names, columns=scored.class_names)
