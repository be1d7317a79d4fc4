"""The tab Prompts tried of Zero-shot: in a class everybody's, the best first."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from core import metrics, people, settings
from core.data.datasets import Dataset
from core.errors import LabError
from core.zero_shot import prompts, tried
from core.zero_shot.tried import Prompts
from dashboard import server
from dashboard.ui import components, findings, formats
from dashboard.zero_shot import charts, shared

TAB = "Prompts tried"
POLL = 2.0  # seconds between updates in a class
MOST = 20  # dots
LONGEST = 60  # characters of a template beside its dot


def show(model: str, name: str, dataset: Dataset) -> None:
    """Draw it; in a class again while others try."""
    st.fragment(_draw, run_every=POLL if settings.mode() == "class" else None)(model, name, dataset)


def title(chosen: Prompts, dataset: Dataset) -> str:
    """Prompts in a few words: Ada: a photo of a {}. and 17 more, other names."""
    template, *others = chosen.templates
    text = template if len(template) <= LONGEST else f"{template[:LONGEST]}…"
    text += f" and {len(others)} more" if others else ""
    if chosen.class_names != tuple(map(prompts.spoken, dataset.class_names)):
        text += ", other names"
    return text if chosen.person == people.LECTURER else f"{chosen.person}: {text}"


def _draw(model: str, name: str, dataset: Dataset) -> None:
    try:
        _ranking(model, name, dataset)
    except LabError as error:  # a fragment that draws itself again does so outside of the page
        components.show_error(error)


def _ranking(model: str, name: str, dataset: Dataset) -> None:
    everybody = [entry for entry in server.zero_shot.tried_on(dataset) if entry.model == model]
    ranked = tried.ranked(everybody)
    if not ranked:
        components.empty("No prompts yet", "Every edit on the tab Prompts is listed here.", icon=":material/edit:")
        return
    rights = []
    for best in ranked[:2]:
        scored = server.zero_shot.score(model, name, best.class_names, best.templates)
        if scored is None:
            shared.wait()
            return
        rights.append(scored.cosines.argmax(axis=1) == scored.labels)
    titles = [title(entry, dataset) for entry in ranked]
    if len(ranked) > 1:
        first, second = (f"“{formats.plain(title)}”" for title in titles[:2])
        st.markdown(findings.change(metrics.change(*rights[::-1]), second, first, unit="validation image"))
    figure = charts.ranking(_frame(ranked[:MOST], titles))
    components.chart(figure, key="zero-shot-ranking", alt="Accuracy of each prompt, the best on top")
    shown = f"The first {MOST} of {len(ranked)}. " if len(ranked) > MOST else ""
    if len({entry.person for entry in everybody}) > 1:
        shown = f"The best of each person; the same prompts once, for whoever tried them first. {shown}"
    st.caption(
        f"{shown}{formats.count(len(everybody), 'prompt')} tried, on the same validation images. The more are tried, "
        "the more the best owes to luck on these images: the test split, on the tab Prompts, shows how much."
    )
    with st.expander("As a table"):
        st.dataframe(_table(everybody), hide_index=True)


def _frame(ranked: Sequence[Prompts], titles: Sequence[str]) -> pd.DataFrame:
    intervals = [entry.accuracy for entry in ranked]
    return pd.DataFrame(
        [
            {"title": title, "accuracy": accuracy.value, "accuracy_low": accuracy.low, "accuracy_high": accuracy.high}
            for title, accuracy in zip(titles, intervals, strict=False)
        ]
    )


def _table(everybody: Sequence[Prompts]) -> pd.DataFrame:
    rows = [
        {
            "Who": people.called(entry.person),
            "Accuracy (%)": round(100 * entry.accuracy.value, 1),
            "95 % interval": formats.interval(entry.accuracy.low, entry.accuracy.high),
            "Templates": "\n".join(entry.templates),
            "Class names": ", ".join(entry.class_names),
        }
        for entry in everybody
    ]
    table = pd.DataFrame(rows).sort_values("Accuracy (%)", ascending=False, kind="stable")
    return table if table["Who"].nunique() > 1 else table.drop(columns="Who")
