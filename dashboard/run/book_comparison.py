"""The textbook's recipe as printed, compared with the same recipe corrected, and the reasons for the difference."""

from collections.abc import Sequence

import streamlit as st

from core import backbones
from core.backbones import Backbone
from core.data.images import PREPROCESSING
from core.runs import Outcome, RunRow
from dashboard import server
from dashboard.ui import components, findings, formats, run_charts

TAB, RESULT = "The book", "Result"  # of the page Run
PRINTED, CORRECTED = "book-as-printed", "book-corrected"


def show(printed: RunRow, corrected: RunRow) -> None:
    """Both results, whether the difference could be chance, and what causes it."""
    st.subheader("The book's recipe, as printed and corrected", anchor=False)
    names = ("As printed", "Corrected")
    for column, run, name in zip(st.columns(2, gap="large"), (printed, corrected), names, strict=True):
        with column.container(border=True):
            st.metric(name, formats.percent(run.accuracy))
            st.caption(
                f"95 % interval {formats.interval(run.accuracy_low, run.accuracy_high)}, "
                f"from {formats.count(run.n_test, 'test image')}"
            )
            components.link("run", "Open this run", icon=":material/search_insights:", run=run.id, view=RESULT)
    st.markdown(_verdict(printed, corrected))
    spec = backbones.get(printed.config.backbone)
    outcomes = (server.runs.get(printed.id).outcome, server.runs.get(corrected.id).outcome)
    st.markdown("\n".join(f"* {reason}" for reason in reasons(spec, *outcomes)))
    components.chart(
        run_charts.per_class_of_two(server.runs.confusion(printed.id), server.runs.confusion(corrected.id), names),
        key="book",
        alt="Accuracy of each class, as printed and corrected",
    )


def pair(run: RunRow, runs: Sequence[RunRow]) -> tuple[RunRow, RunRow] | None:
    """The newest comparable runs of both recipes, with the backbone and dataset of a run.

    Both have the same number of training images; the run itself is one of the two if it follows one of the recipes.
    """
    network = (run.config.backbone, run.config.dataset)
    same = [other for other in runs if (other.config.backbone, other.config.dataset) == network and other.has_result]
    same.sort(key=lambda other: other.created, reverse=True)
    for printed in _candidates(PRINTED, same, run):
        for corrected in _candidates(CORRECTED, same, run):
            if printed.n_train == corrected.n_train:
                return printed, corrected
    return None


def reasons(spec: Backbone, printed: Outcome | None, corrected: Outcome | None) -> tuple[str, ...]:
    """What the correction changes for a backbone, and the effect of each change; Markdown."""
    return _pixels(spec), _slice(printed, corrected), _batchnorm()


def _pixels(spec: Backbone) -> str:
    preprocessing = PREPROCESSING[spec.preprocessing]
    channels = list(zip(preprocessing.mean, preprocessing.deviation, strict=True))
    least = min((0 - mean) / deviation for mean, deviation in channels)
    most = max((255 - mean) / deviation for mean, deviation in channels)
    order = " Red and blue are swapped, too." if preprocessing.channels == "BGR" else ""
    return (
        f"**Pixels.** {spec.name} was trained on values from {least:.3g} to {most:.3g} ({preprocessing.title}). As "
        f"printed, pixels are divided by 255 for every backbone: values from 0 to 1 span only "
        f"{100 / (most - least):.2g} % of that range.{order}"
    )


def _slice(printed: Outcome | None, corrected: Outcome | None) -> str:
    text = (
        "**Freezing.** As printed, nothing is frozen before `for layer in base.layers[-n:]: layer.trainable = True`: "
        "the line sets what is set already, and every layer trains."
    )
    counts = [
        f"{title}, {outcome.trainable_weight_layers} of {formats.count(outcome.weight_layers, 'layer')} with weights "
        f"({outcome.trainable_params / 1e6:.2f} M parameters)"
        for title, outcome in (("as printed", printed), ("corrected", corrected))
        if outcome and outcome.trainable_params is not None and outcome.weight_layers is not None
    ]
    return f"{text} Trained: {'; '.join(counts)}." if counts else text


def _batchnorm() -> str:
    return (
        "**BatchNorm.** As printed, its layers run in training mode: the mean and variance of small batches of your "
        "images replace those of ImageNet. Corrected, they keep the statistics they learned. A backbone without "
        "BatchNorm is not affected."
    )


def _verdict(printed: RunRow, corrected: RunRow) -> str:
    return findings.change(server.runs.change(printed, corrected), "the printed one", "the corrected one")


def _candidates(recipe: str, runs: Sequence[RunRow], run: RunRow) -> list[RunRow]:
    """The runs of a recipe; only `run` if it is one of them."""
    if run.config.recipe == recipe:
        return [run]
    return [other for other in runs if other.config.recipe == recipe]
