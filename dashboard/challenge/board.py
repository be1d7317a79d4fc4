"""The board of a challenge: who leads in a sentence, a dot for each entry, and the ranking."""

from collections.abc import Hashable, Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from core import people
from core.challenges import Luck, Place
from dashboard import server
from dashboard.server.challenges import Standing
from dashboard.ui import charts, choices, components, findings, formats
from dashboard.ui.charts import canvas
from dashboard.ui.colours import ACCENT

POLL = 1.0  # seconds between looks at whether anything has changed
AGAINST = {"images": "Labelled images", "seconds": "Training time"}
HEIGHT = 380  # pixels
MOST_NAMES = 12  # dots with a name; more would overlap


def show(standing: Standing) -> None:
    """Draw it, and again whenever somebody enters."""
    st.markdown(answer(standing))
    if standing.luck:
        st.markdown(luck(standing.luck))
    if not standing.places:
        return
    named = _named(standing.entries)
    files = int(named["images"].isna().sum())
    if files == len(named):
        st.table(table(standing), border="horizontal", hide_index=True)
        return
    if standing.challenge.is_open:
        dots, ranking = st.columns([2, 3], gap="large")
    else:  # a wider table
        ranking, dots = st.container(), st.container()
    with dots:
        against = choices.titled(st.segmented_control, "against", "Accuracy against", AGAINST)
        figure = server.figures.of(
            chart, named, against=against, part="public" if standing.challenge.is_open else "hidden"
        )
        components.chart(figure, key=f"dots-{against}", alt="Accuracy of each entry")
        if files:
            st.caption(f"Without a dot: {formats.count(files, 'file')} of predictions, made elsewhere.")
    with ranking:
        st.table(table(standing), border="horizontal", hide_index=True)


@st.fragment(run_every=POLL)
def watch(name: str, drawn: Hashable) -> None:
    """Draw the page again once it is out of date."""
    if server.challenges.version(name) != drawn:
        components.redraw()


def answer(standing: Standing) -> str:
    """Who leads or is first in the end, and who cannot be told apart from them; Markdown."""
    places, images = standing.places, formats.count(standing.public, "public image")
    if not places:
        return f"Nobody has entered yet. {images} rank the entries; {standing.hidden:,} hidden ones will decide."
    first = places[0]
    if standing.challenge.is_open:
        share = f"{formats.percent(first.public.value)} ({formats.interval(first.public.low, first.public.high)})"
        return f"**{who(first)}** leads with {share} of {images}. {standing.hidden:,} hidden ones will decide."
    sentences = [f"**{who(first)}** is first with {formats.percent(_hidden(first))} of the hidden images."]
    if len(places) > 1 and places[1].behind:
        sentences.append(findings.change(places[1].behind, who(places[1]), who(first), unit="hidden image"))
        sentences.append(_too_close(places[1:]))
    return " ".join(filter(None, sentences))


def luck(measured: Luck) -> str:
    """How far the public ranking was luck; Markdown."""
    others = measured.others
    if np.isnan(measured.correlation) or np.isnan(others.value):
        return "All entries have the same accuracy on one of the two parts, so the rankings cannot be compared."
    figures = (measured.correlation, others.value, others.low, others.high)
    correlation, average, low, high = (formats.signed(value) for value in figures)
    return (
        f"The public and the hidden ranking have a rank correlation of {correlation}; over other random halves of "
        f"the same images it is {average} on average (95 % of them: {low} to {high}). "
        f"Whoever leads the public half would win the hidden one in {100 * measured.stays:.0f} % of them, with an "
        f"accuracy that is {100 * abs(measured.lead):.1f} points {'lower' if measured.lead >= 0 else 'higher'} there."
    )


def table(standing: Standing) -> pd.DataFrame:
    """The ranking as text, which may be Markdown."""
    rows = []
    for number, place in enumerate(standing.places, start=1):
        row = {"": str(number), "Who": who(place), "Entry": formats.plain(_entry(place.entry.person, place.entry.name))}
        row["Public part"] = _share(place.public)
        if place.hidden:
            row["Hidden part"] = _share(place.hidden)
            row["Behind the first"] = (
                "" if place.behind is None else "clearly" if place.behind.clear else "too close to call"
            )
        rows.append(row)
    frame = pd.DataFrame(rows)
    return frame.drop(columns="Who") if rows and (frame["Who"] == frame["Entry"]).all() else frame  # nobody else's


def chart(frame: pd.DataFrame, *, against: str, part: str) -> go.Figure:
    """Accuracy of each entry with its interval; the latest is marked."""
    frame = frame.dropna(subset=[against]).assign(**{against: lambda entries: entries[against].astype(float)})
    figure = canvas(height=HEIGHT)
    labels = [charts.label(name) for name in frame["who"]]
    figure.add_scatter(
        x=frame[against],
        y=100 * frame["accuracy"],
        error_y=charts.error_bars(frame),
        mode="markers+text",
        text=labels if len(frame) <= MOST_NAMES else None,
        textposition=np.where(frame[against] > frame[against].max() / 2, "middle left", "middle right"),
        marker={"size": 13, "color": ACCENT, "opacity": 0.8},
        customdata=[[label, charts.label(name)] for label, name in zip(labels, frame["name"], strict=True)],
        hovertemplate="<b>%{customdata[0]}</b><br>%{customdata[1]}<br>%{y:.1f} %<extra></extra>",
        showlegend=False,
    )
    unit = "seconds" if against == "seconds" else "validation included"
    figure.update_xaxes(title_text=f"{AGAINST[against]} ({unit})", rangemode="tozero")
    return figure.update_yaxes(title_text=f"Accuracy on the {part} part (%)")


def who(place: Place) -> str:
    """The person of an entry, as Markdown."""
    return formats.plain(_name(place.entry.person, place.entry.name))


def _name(person: str, entry: str) -> str:
    if person == people.LECTURER:
        return entry
    return person if people.may("see", person) else "A learner"


def _entry(person: str, entry: str) -> str:
    """The name of an entry, "" for visitors who may not see it."""
    return entry if people.may("see", person) else ""


def _named(entries: pd.DataFrame) -> pd.DataFrame:
    """Entries with what this visitor may see of them."""
    pairs = list(zip(entries["person"], entries["name"], strict=True))
    shown = entries.assign(who=[_name(*pair) for pair in pairs], name=[_entry(*pair) for pair in pairs])
    return shown.drop(columns=["id", "person"])


def _too_close(others: Sequence[Place]) -> str:
    close = [who(place) for place in others[1:] if place.behind and not place.behind.clear]
    return f"Too close to call with the first as well: {formats.listed(close)}." if close else ""


def _hidden(place: Place) -> float:
    return place.hidden.value if place.hidden else np.nan


def _share(share) -> str:
    return f"**{formats.percent(share.value)}** :gray[{formats.interval(share.low, share.high)}]"
