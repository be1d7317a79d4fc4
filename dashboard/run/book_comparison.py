"""A lesson: the textbook's recipe as it is printed beside the same recipe corrected, with the reason in words."""

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
    """Both results of `pair`, whether the difference is chance, and what makes it."""
    st.subheader("The book, as printed against corrected", anchor=False)
    names, both = ("As printed", "Corrected"), (printed, corrected)
    for column, each, name in zip(st.columns(2, gap="large"), both, names, strict=True):
        with column.container(border=True):
            st.metric(name, formats.percent(each.accuracy))
            st.caption(
                f"95 % interval {formats.interval(each.accuracy_low, each.accuracy_high)}, "
                f"from {formats.count(each.n_test, 'test image')}"
            )
            components.link("run", "Open this run", icon=":material/search_insights:", run=each.id, view=RESULT)
    st.markdown(_verdict(printed, corrected))
    facts = backbones.get(printed.config.backbone)
    outcomes = (server.runs.get(printed.id).outcome, server.runs.get(corrected.id).outcome)
    st.markdown("\n".join(f"* {reason}" for reason in reasons(facts, *outcomes)))
    components.chart(
        run_charts.per_class_of_two(server.runs.confusion(printed.id), server.runs.confusion(corrected.id), names),
        key="book",
        alt="Accuracy of each class, as printed beside corrected",
    )


def pair(run: RunRow, runs: Sequence[RunRow]) -> tuple[RunRow, RunRow] | None:
    """The newest run of each recipe that can be held against each other for the backbone and dataset of a run.

    They are of the same amount of training images; this run itself is taken where it is one of them.
    """
    network = (run.config.backbone, run.config.dataset)
    same = [other for other in runs if (other.config.backbone, other.config.dataset) == network and other.has_result]
    same.sort(key=lambda other: other.created, reverse=True)
    for printed in _candidates(PRINTED, same, run):
        for corrected in _candidates(CORRECTED, same, run):
            if printed.n_train == corrected.n_train:
                return printed, corrected
    return None


def reasons(facts: Backbone, printed: Outcome | None, corrected: Outcome | None) -> tuple[str, ...]:
    """What the correction changes for a backbone, and what each of it does; Markdown."""
    return _pixels(facts), _slice(printed, corrected), _batchnorm()


def _pixels(facts: Backbone) -> str:
    way = PREPROCESSING[facts.preprocessing]
    least = min((0 - mean) / deviation for mean, deviation in zip(way.mean, way.deviation, strict=True))
    most = max((255 - mean) / deviation for mean, deviation in zip(way.mean, way.deviation, strict=True))
    order = " Red and blue are swapped, too." if way.channels == "BGR" else ""
    return (
        f"**Pixels.** {facts.name} was trained on values from {least:.3g} to {most:.3g} ({way.title}). As printed, "
        f"pixels are divided by 255 whatever the backbone: from 0 to 1 they span {100 / (most - least):.2g} % of that "
        f"range.{order}"
    )


def _slice(printed: Outcome | None, corrected: Outcome | None) -> str:
    text = (
        "**Freezing.** As printed, `for layer in base.layers[-n:]: layer.trainable = True` follows no line that froze "
        "anything: it switches on what was on already, and every layer trains."
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
        "**BatchNorm.** As printed, its layers run in training mode: the mean and spread of a few of your images "
        "replace those of ImageNet. Corrected, they stay as they were learned. To a backbone without "
        "BatchNorm it makes no difference."
    )


def _verdict(printed: RunRow, corrected: RunRow) -> str:
    return findings.change(server.runs.change(printed, corrected), "the printed one", "the corrected one")


def _candidates(recipe: str, runs: Sequence[RunRow], run: RunRow) -> list[RunRow]:
    """Those of a recipe; the run alone where it is one of them."""
    if run.config.recipe == recipe:
        return [run]
    return [other for other in runs if other.config.recipe == recipe]
