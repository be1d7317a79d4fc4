"""Test images that are nearly training images: looked for on request, judged side by side, left out in a copy."""

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.data import near_duplicates
from core.data.datasets import Dataset
from core.data.near_duplicates import NearDuplicates, Pair
from core.evaluation import feature_duplicates, label_errors
from core.features.estimates import Count
from dashboard import server
from dashboard.data import copies
from dashboard.ui import contact_sheet, formats, task_progress

TAB = "Near-duplicates"
COLUMNS, ROWS = 6, 3  # of pairs at once
PAPER = "https://arxiv.org/abs/1902.00423"
WHICH = {"leaks": "Test (left) and training", "within": "Within a split", "features": "By features"}
FIRST = {"surest": "Most similar first", "least": "Least similar first"}
DETAILS = (
    "The correlation of the details of two images at 32 pixels, at the best shift, one of them mirrored or rotated by "
    "quarter turns where that fits better. Lower it to see more pairs, down to images that are only similar; pairs of "
    f"which one is rotated are listed from {near_duplicates.ROTATED_THRESHOLD} on."
)
COSINE = "The cosine of the features of two images. Lower it to see more pairs, down to images of similar things."


def show(dataset: Dataset) -> None:
    """The pairs that were found, or the button that looks for them."""
    search = server.datasets.search(dataset)
    if search.running or not (found := server.datasets.near_duplicates_of(dataset)):
        task_progress.offer(
            search,
            "Look for near-duplicates",
            why="A test image that is nearly a training image, such as the same photo mirrored, rotated or cropped "
            "differently, tests memory, not recognition. "
            f"About 3 % of CIFAR-10's test images do ([Barz and Denzler, 2020]({PAPER})).",
            icon=":material/compare:",
            ended=server.datasets.refresh,
        )
        return
    choices = st.container(horizontal=True, vertical_alignment="bottom", gap="medium")
    with choices:
        which = st.segmented_control(
            "Pairs", list(WHICH), format_func=WHICH.__getitem__, default="leaks", key="pairs", required=True
        )
    if which == "features":
        _by_features(dataset, found, choices)
        return
    least, first = _choose(choices, "agreement", near_duplicates.MIN_THRESHOLD, near_duplicates.THRESHOLD, DETAILS)
    st.markdown(f"**{found.summary(least)}.**")
    _pairs(dataset, [pair for pair in getattr(found, which) if pair.agreement >= least], first)
    _offer_copy(dataset, found.leaked(least))


def _by_features(dataset: Dataset, found: NearDuplicates, choices: DeltaGenerator) -> None:
    """Pairs with nearly equal features that were not found by details; or the button that looks for them."""
    source, search = label_errors.usual(dataset.name), server.datasets.search_features(dataset)
    if search.running or not (similar := server.datasets.feature_duplicates_of(dataset)):
        counted = Count("feature-duplicates")
        if not search.running:
            feature_duplicates.count(source, into=counted)
        task_progress.offer(
            search,
            "Search by features",
            why="A network may recognise the same photo despite another crop or colour; it also confuses two photos of "
            "the same thing. Judge by eye.",
            icon=":material/grain:",
            ended=server.datasets.refresh,
            kept=task_progress.CONTINUES.format("features"),
            counted=counted,
        )
        return
    least, first = _choose(choices, "cosine", feature_duplicates.MIN_THRESHOLD, feature_duplicates.THRESHOLD, COSINE)
    alike, known = similar.leaked(least), found.leaked()
    others = len(np.setdiff1d(alike, known))
    st.markdown(
        f"**{formats.count(len(alike), 'test image')} {'looks' if len(alike) == 1 else 'look'} almost the same as a "
        f"training image to {source.backbone}.** Not found by their details: {others:,}."
    )
    _pairs(dataset, [pair for pair in similar.leaks if pair.agreement >= least and pair.row not in known], first)
    _offer_copy(dataset, np.union1d(alike, known))


def _choose(choices: DeltaGenerator, key: str, least: float, sure: float, help: str) -> tuple[float, str]:
    """The agreement from which on pairs are shown, and their order."""
    with choices:
        agreement = st.slider("Agreement of at least", least, 1.0, sure, 0.01, key=key, width=260, help=help)
        first = st.segmented_control(
            "Order", list(FIRST), format_func=FIRST.__getitem__, default="surest", key="order", required=True
        )
    return agreement, first


def _offer_copy(dataset: Dataset, leaked: np.ndarray) -> None:
    if len(leaked):
        label = f"Make a copy without {formats.count(len(leaked), 'test image')}"
        copy = server.datasets.clean(dataset, leaked.tolist())
        copies.offer(copy, label, icon=":material/cleaning_services:", key="clean")


def _pairs(dataset: Dataset, pairs: list[Pair], first: str) -> None:
    most = COLUMNS * ROWS
    shown = pairs[: -most - 1 : -1] if first == "least" else pairs[:most]
    for start in range(0, len(shown), COLUMNS):
        for column, pair in zip(st.columns(COLUMNS), shown[start : start + COLUMNS], strict=False):
            rows = np.array([pair.row, pair.twin])
            names = [formats.plain(dataset.class_names[label]) for label in dataset.labels[rows]]
            title = names[0] if names[0] == names[1] else f"{names[0]} and {names[1]}"
            column.image(
                contact_sheet.strip(dataset.images[rows], columns=2),
                caption=", ".join(filter(None, (title, f"{pair.agreement:.2f}", pair.change))),
                width="stretch",
                alt=f"Images {pair.row} and {pair.twin}",
            )
    if len(pairs) > most:
        st.caption(f"{most} of {formats.count(len(pairs), 'pair')}")
