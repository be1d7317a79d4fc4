"""How far a map can be trusted, in numbers with what each means, and in a sentence; and what may not be read off it."""

from collections.abc import Mapping

import streamlit as st

from core import maps
from core.maps import Map
from dashboard import components, formats

APART = 0.02  # kNN accuracies nearer than this are told as equal


def show(found: Map) -> None:
    """The numbers under a map."""
    quality = found.quality
    st.markdown(sentence(found))
    judged = (
        f"{formats.count(quality['judged'])} of its images" if quality["judged"] < len(found.rows) else "all images"
    )
    with st.container(horizontal=True, gap="large", vertical_alignment="bottom"):
        for label, value, meaning in numbers(quality):
            st.metric(label, value, help=f"{meaning} Measured on {judged}, each against all others.", width="content")
    with st.container(horizontal=True, vertical_alignment="center"):
        took = ", ".join(f"{name} {formats.duration(spent)}" for name, spent in found.seconds.items() if spent >= 0.05)
        components.measured(found.hardware, f"{took}.".capitalize())
        st.caption(maps.METHODS[found.config.method].caution, width="stretch")
    for note in found.notes:
        st.caption(f":material/info: {note}")


def numbers(quality: Mapping[str, float]) -> list[tuple[str, str, str]]:
    """(label, value, meaning) of what was judged, in the order in which it is read."""
    told = [
        (
            "Trustworthiness", "trustworthiness", formats.percent,
            f"Whether the {quality['near']:.0f} neighbours of an image on the map are its neighbours in feature space "
            "too: 100 % where all are, about 50 % by chance.",
        ),
        (
            "Continuity", "continuity", formats.percent,
            f"Whether its {quality['near']:.0f} neighbours in feature space are still near it on the map.",
        ),
        (
            "Neighbours vote right, in feature space", "knn_full", formats.percent,
            f"How often the {quality['voters']:.0f} nearest other images vote for the class of an image.",
        ),
        (
            "… on the map", "knn_map", formats.percent,
            "The same vote among neighbours on the map: the difference is what the map costs, or seems to win.",
        ),
        (
            "Silhouette, in feature space", "silhouette_full", _signed,
            "How much nearer an image lies to its own class than to the next, -1 to 1: 0 where classes mix.",
        ),
        ("… on the map", "silhouette_map", _signed, "The same with distances on the map."),
    ]  # fmt: skip
    return [(label, form(quality[name]), meaning) for label, name, form, meaning in told if name in quality]


def sentence(found: Map) -> str:
    """What the numbers say together, Markdown."""
    quality, parts = found.quality, []
    if len(found.explained):
        axes = formats.count(len(found.explained[: found.config.dims]))
        share = sum(found.explained[: found.config.dims])
        parts.append(f"Its {axes} axes show **{formats.percent(share)}** of the variance of the features.")
    if "knn_full" in quality:
        full, drawn = quality["knn_full"], quality["knn_map"]
        text = f"In feature space the nearest images vote for the right class **{formats.percent(full)}** of the time, "
        if abs(full - drawn) < APART:
            parts.append(
                f"{text}and on the map as often ({formats.percent(drawn)}): it keeps what tells classes apart."
            )
        elif drawn < full:
            parts.append(f"{text}on the map {formats.percent(drawn)}: what looks mixed here is not so mixed there.")
        else:
            parts.append(f"{text}on the map {formats.percent(drawn)}: it looks tidier than the features are.")
    return " ".join(parts)


def _signed(value: float) -> str:
    return f"{value:+.2f}".replace("-", "\u2212")
