"""How far a map can be trusted, in numbers with what each means, and in a sentence; and what may not be read off it."""

from collections.abc import Mapping

import streamlit as st

from core import maps
from core.maps import Map
from dashboard import server
from dashboard.ui import components, formats

APART = 0.02  # kNN accuracies nearer than this are told as equal
TOOK = {"extract": "Features", "reduce": "principal components", "map": "the map", "judge": "judging it"}


def show(found: Map) -> None:
    """The numbers under a map."""
    quality = found.quality
    st.markdown(sentence(found))
    judged = "all images"
    if quality["judged"] < len(found.rows):
        judged = f"{formats.count(quality['judged'])} of its images"
    with st.container(horizontal=True, gap="medium"):
        for label, value, meaning in numbers(quality):
            st.markdown(
                f":gray[{label}]\n#### {value}", width="content", anchors=False,
                help=f"{meaning} Judged on {judged}, each against all others.",
            )  # fmt: skip
    st.markdown(f":gray[{maps.METHODS[found.config.method].caution}]")
    with st.container(horizontal=True, vertical_alignment="center"):
        took = ", ".join(f"{TOOK[name]} {formats.duration(spent)}" for name, spent in found.seconds.items())
        components.measured(found.hardware, f"{took}.")
        st.caption(f"{server.maps.title(found.config)}; {maps.METHODS[found.config.method].paper}")
    for note in found.notes:
        st.caption(f":material/info: {note}")


def numbers(quality: Mapping[str, float]) -> list[tuple[str, str, str]]:
    """(label, value, meaning) of what was judged, in the order in which it is read."""
    near, voters = f"{quality['near']:.0f}", f"{quality['voters']:.0f}"
    told = (
        (
            "Trustworthiness", ("trustworthiness",), formats.percent,
            f"Whether the {near} neighbours of an image on the map are its neighbours in feature space too: 100 % "
            "where all are, about 50 % by chance.",
        ),
        (
            "Continuity", ("continuity",), formats.percent,
            f"Whether its {near} neighbours in feature space are still near it on the map.",
        ),
        (
            "Neighbours vote right", ("knn_full", "knn_map"), formats.percent,
            f"How often the {voters} nearest other images vote for an image's own class: in feature space, then on the "
            "map.",
        ),
        (
            "Silhouette", ("silhouette_full", "silhouette_map"), signed,
            "How much nearer an image lies to its own class than to the next, -1 to 1 and 0 where classes mix: in "
            "feature space, then on the map.",
        ),
    )  # fmt: skip
    return [
        (label, " → ".join(form(quality[name]) for name in names), meaning)
        for label, names, form, meaning in told
        if names[0] in quality
    ]


def sentence(found: Map) -> str:
    """What the numbers say together, Markdown."""
    quality, parts = found.quality, []
    if found.config.method == "pca":
        share = sum(found.explained[: found.config.dims])
        parts.append(f"Its {found.config.dims} axes show **{formats.percent(share)}** of the variance of the features.")
    elif len(found.explained):
        kept = f"The {len(found.explained)} principal components that it is made of"
        parts.append(f"{kept} hold {formats.percent(sum(found.explained))} of the variance of the features.")
    if "knn_full" in quality:
        full, drawn = quality["knn_full"], quality["knn_map"]
        text = f"In feature space the nearest images vote for the right class **{formats.percent(full)}** of the time, "
        if abs(full - drawn) < APART:
            text += f"and on the map as often ({formats.percent(drawn)}): it keeps what tells classes apart."
        elif drawn < full:
            text += f"on the map **{formats.percent(drawn)}**: some of what looks mixed here is not mixed there."
        else:
            text += f"on the map **{formats.percent(drawn)}**: it looks tidier than the features are."
        parts.append(text)
    return " ".join(parts)


def signed(value: float) -> str:
    """-0.05 -> −0.05, with the sign that is as wide as a plus."""
    return f"{value:.2f}".replace("-", "\u2212")
