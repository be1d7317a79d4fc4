"""The published accuracy of a zero-shot model beside a run's own: how far it is away, and why."""

import streamlit as st

from core.config import ZERO_SHOT
from core.data.cifar import CIFAR
from core.metrics import Interval
from core.runs import Outcome, RunRow
from core.zero_shot import prompts, published
from dashboard.ui import components, formats

CIFAR_TEMPLATES = prompts.SETS["cifar18"].name


def show(run: RunRow, outcome: Outcome) -> None:
    """Nothing for other runs, and where nothing was published."""
    if run.config.method != ZERO_SHOT or outcome.weights_origin == "untrained":
        return
    measured = Interval(outcome.accuracy, outcome.accuracy_low, outcome.accuracy_high)
    if not compare(run.config.backbone, run.config.dataset, measured, "This run is"):
        return
    with st.expander("Why the two may differ", icon=":material/help:"):
        st.markdown("\n".join(f"* {reason}" for reason in reasons(run, outcome)))


def compare(model: str, dataset: str, measured: Interval, subject: str) -> bool:
    """Show the published accuracy of a model, and its distance from a measured one; False if none was published.

    Args:
        subject: What was measured, with its verb, at the beginning of a sentence.
    """
    figure = published.find(model, dataset)
    if figure is None:
        return False
    whole, accuracy = figure
    away = 100 * (measured.value - accuracy)
    inside = measured.low <= accuracy <= measured.high
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(
            f"Published for {model} on {CIFAR[whole].title}: **{formats.percent(accuracy)}**. {subject} "
            f"{abs(away):.1f} points {'above' if away > 0 else 'below'}; the published figure lies "
            f"{'within' if inside else 'outside'} its 95 % interval.",
            width="content",
        )
        components.cited(published.SOURCE)
    return True


def reasons(run: RunRow, outcome: Outcome) -> list[str]:
    """What differs from the published evaluation; Markdown."""
    config, own = run.config, []
    images = formats.count(outcome.n_test, "test image")
    if outcome.n_test < published.TESTED:
        own.append(f"**Images.** This run tested {images}, the published evaluation {published.TESTED:,}.")
    if config.templates != CIFAR_TEMPLATES:
        templates = formats.count(len(prompts.templates(config.templates)), "template")
        own.append(
            f"**Templates.** This run has {templates}. The usual evaluation of CIFAR has OpenAI's 18: try them on the "
            "page Zero-shot."
        )
    if config.classes:
        own.append("**Class names.** This run uses class names of its own.")
    if outcome.weights_origin == "file":
        own.append("**Weights.** This run's were read from a path.")
    own.append(
        "**Resolution and crop.** Both enlarge 32 px bicubically to the model's input and crop nothing, as the images "
        "are squares; libraries round a little differently."
    )
    return own
