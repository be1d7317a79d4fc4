"""How far a map can be trusted: measures with their meaning, a sentence, and what cannot be read from the map."""

from collections.abc import Mapping

import streamlit as st

from core import maps
from core.maps import Map
from dashboard import server
from dashboard.ui import components, formats

PARTS = {"extract": "Features", "reduce": "principal components", "map": "the map", "judge": "its quality"}


def show(drawn: Map) -> None:
    """The numbers under a map."""
    quality = drawn.quality
    st.markdown(sentence(drawn))
    judged = "all images"
    if quality["judged"] < len(drawn.rows):
        judged = f"{formats.count(quality['judged'])} of its images"
    with st.container(horizontal=True, gap="medium"):
        for label, value, meaning in numbers(quality):
            st.markdown(
                f":gray[{label}]\n#### {value}",
                width="content",
                anchors=False,
                help=f"{meaning} Measured on {judged}, each against all others.",
            )
    st.markdown(f":gray[{maps.METHODS[drawn.config.method].caution}]")
    with st.container(horizontal=True, vertical_alignment="center"):
        times = ", ".join(f"{PARTS[name]} {formats.duration(spent)}" for name, spent in drawn.seconds.items())
        components.measured(drawn.hardware, f"{times}.")
        st.caption(f"{formats.plain(server.maps.title(drawn.config))}; {maps.METHODS[drawn.config.method].paper}")
    for note in drawn.notes:
        st.caption(f":material/info: {note}")


def numbers(quality: Mapping[str, float]) -> list[tuple[str, str, str]]:
    """(label, value, meaning) of every quality measure, in reading order."""
    near, voters = f"{quality['near']:.0f}", f"{quality['voters']:.0f}"
    measures = (
        (
            "Trustworthiness",
            ("trustworthiness",),
            formats.percent,
            f"Whether the {near} neighbours of an image on the map are its neighbours in feature space too: 100 % "
            "if all are, about 50 % by chance.",
        ),
        (
            "Continuity",
            ("continuity",),
            formats.percent,
            f"Whether its {near} neighbours in feature space are still near it on the map.",
        ),
        (
            "Neighbours vote right",
            ("knn_full", "knn_map"),
            formats.percent,
            f"How often the {voters} nearest other images vote for an image's own class: in feature space, then on the "
            "map.",
        ),
        (
            "Silhouette",
            ("silhouette_full", "silhouette_map"),
            formats.signed,
            "How much nearer an image is to its own class than to the nearest other one, from -1 to 1, and 0 where "
            "classes mix: in feature space, then on the map.",
        ),
    )
    return [
        (label, " → ".join(form(quality[name]) for name in names), meaning)
        for label, names, form, meaning in measures
        if names[0] in quality
    ]


def sentence(drawn: Map) -> str:
    """The numbers summed up, Markdown."""
    quality, parts = drawn.quality, []
    if drawn.config.method == "pca":
        share = sum(drawn.explained[: drawn.config.dims])
        parts.append(f"Its {drawn.config.dims} axes show **{formats.percent(share)}** of the variance of the features.")
    elif len(drawn.explained):
        kept = f"The {len(drawn.explained)} principal components from which it was computed"
        parts.append(f"{kept} hold {formats.percent(sum(drawn.explained))} of the variance of the features.")
    if "knn_full" in quality:
        in_features, on_map = formats.percent(quality["knn_full"]), formats.percent(quality["knn_map"])
        text = f"Neighbours in feature space vote for the right class **{in_features}** of the time"
        if in_features == on_map:
            text += ", and on the map just as often."
        elif quality["knn_map"] < quality["knn_full"]:
            text += f", on the map **{on_map}**: some images that look mixed here are separate there."
        else:
            text += f", on the map **{on_map}**: it looks tidier than the features are."
        parts.append(text)
    if "knn_others" in quality:
        parts.append(
            "Photos that one person took in a row are nearly the same and vote for each other. Without each person's "
            "own photos, neighbours in feature space vote for the right class "
            f"**{formats.percent(quality['knn_others'])}** of the time."
        )
    return " ".join(parts)


def separation(before: Mapping[str, float], after: Mapping[str, float]) -> str:
    """How well feature space separates the classes on two maps of the same images, in plain numbers; Markdown."""
    if "knn_full" not in before or "knn_full" not in after:
        return "All images are of one class: there is nothing to separate."
    votes = [formats.percent(quality["knn_full"]) for quality in (before, after)]
    silhouettes = [formats.signed(quality["silhouette_full"]) for quality in (before, after)]
    return (
        f"In feature space, the {after['voters']:.0f} nearest images vote for the right class on {votes[0]} of the "
        f"images before and on **{votes[1]}** after. The silhouette of the classes goes from {silhouettes[0]} to "
        f"**{silhouettes[1]}**."
    )
