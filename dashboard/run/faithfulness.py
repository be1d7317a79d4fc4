"""Whether the maps that explain a run's predictions may be believed, measured on request."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from core import heads
from core.explain.attribution import TITLES
from core.explain.faithfulness import IMAGES, Faithfulness
from core.metrics import Interval
from core.runs import RunRow
from dashboard import server
from dashboard.ui import components, formats, run_charts, task_progress


def show(run: RunRow) -> None:
    """What was measured, or the button that measures it; nothing for nearest neighbours, which have no network."""
    if not heads.has_layers(run.config.method):
        return
    st.subheader("Can these maps be believed?", anchor=False)
    check = server.explain.check(run.id)
    if not check.running and (measured := server.explain.faithful(run.id)):
        _result(run, measured)
        return
    task_progress.offer(
        check,
        f"Check on {formats.count(min(IMAGES, run.n_test), 'test image')}",
        why="A good map points at what the network uses: without those regions, the network loses its confidence. And "
        "the map changes when the weights of the network are shuffled.",
        icon=":material/fact_check:",
    )


def _result(run: RunRow, measured: tuple[Faithfulness, ...]) -> None:
    st.markdown(sentence(measured))
    known = [result for result in measured if not result.error]
    left, right = st.columns([5, 3], gap="medium")
    with left:
        rows = pd.DataFrame([_row(result) for result in measured])
        st.dataframe(rows, hide_index=True, height="content")
        st.caption(
            f"Measured on {formats.count(len(known[0].gains), 'test image')}. Area: the mean probability of the "
            "predicted class while the regions that a map ranks highest are inserted one by one, minus that while they "
            "are deleted; 0 for a random order. Similarity: rank correlation with the map for the same network with "
            "shuffled weights. Both with 95 % intervals of the mean; two methods are compared image by image."
        )
    with right:
        components.chart(
            run_charts.perturbed(known),
            key=f"faithfulness-{run.id}",
            alt="Probability of the predicted class while regions are deleted or inserted",
        )


def sentence(measured: tuple[Faithfulness, ...]) -> str:
    """Which method points best at what this network uses, and which ones are not to be believed, in Markdown."""
    known = [result for result in measured if not result.error]
    parts = [_by_evidence(known)]
    if same := [TITLES[result.method] for result in known if not result.depends_on_weights]:
        verb = "shows" if len(same) == 1 else "show"
        parts.append(
            f"**{formats.listed(same)}** {verb} nearly the same with shuffled weights: that comes from the image, "
            "not from what the network has learned."
        )
    else:
        parts.append("All of them depend on what it has learned: with shuffled weights they show something else.")
    return " ".join(parts)


def _by_evidence(known: Sequence[Faithfulness]) -> str:
    """Which methods rank regions best, as far as the images can tell, and which no better than at random."""
    best, *others = sorted(known, key=lambda result: -result.gain.value)
    if not best.points_at_evidence:
        images = formats.count(len(best.gains), "image")
        return f"**No method does better than a random order**, as far as {images} can tell."
    close = [result for result in others if result.points_at_evidence and not best.better_than(result)]
    names = formats.listed([TITLES[result.method] for result in (best, *close)])
    verb, ending = ("point", ", too close to call among them") if close else ("points", "")
    text = f"**{names}** {verb} best at what this network uses{ending}."
    if no_better := [TITLES[result.method] for result in known if not result.points_at_evidence]:
        text += f" **{formats.listed(no_better)}** cannot be distinguished from a random order."
    return text


def _row(result: Faithfulness) -> dict[str, str]:
    if result.error:
        return {"Method": TITLES[result.method], "Verdict": result.error, "Area": "", "Similarity": ""}
    better = "points at evidence" if result.points_at_evidence else "no better than random"
    return {
        "Method": TITLES[result.method],
        "Verdict": better if result.depends_on_weights else "ignores the weights",
        "Area": _with_interval(result.gain),
        "Similarity": _with_interval(result.similarity),
    }


def _with_interval(measured: Interval) -> str:
    """A mean with its interval, both cut to -1 to 1: from few images, a t interval can go beyond."""
    value, low, high = (
        formats.signed(min(max(number, -1.0), 1.0)) for number in (measured.value, measured.low, measured.high)
    )
    return f"{value} ({low} to {high})"
