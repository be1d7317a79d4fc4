"""Test images that are nearly training images: looked for on request, judged side by side, left out in a copy."""

import numpy as np
import streamlit as st

from core.data import near_duplicates
from core.data.datasets import Dataset
from core.data.near_duplicates import NearDuplicates, Pair
from dashboard import server
from dashboard.data import copies, searches
from dashboard.ui import contact_sheet, formats

TAB = "Near-duplicates"
COLUMNS, ROWS = 6, 3  # of pairs at once
PAPER = "https://arxiv.org/abs/1902.00423"
WHICH = {"leaks": "Test (left) and training", "within": "Within a split"}
FIRST = {"surest": "Surest first", "least": "Least sure first"}


def show(dataset: Dataset) -> None:
    """The pairs that were found, or the button that looks for them."""
    search = server.datasets.search(dataset)
    if not search.running and (found := server.datasets.near_duplicates_of(dataset)):
        _judge(dataset, found)
        return
    searches.offer(
        search,
        "Look for near-duplicates",
        why="A test image that is nearly a training image, such as the same photo mirrored or cropped differently, "
        f"tests memory, not recognition. About 3 % of CIFAR-10's do ([Barz and Denzler, 2020]({PAPER})).",
        icon=":material/compare:",
    )


def _judge(dataset: Dataset, found: NearDuplicates) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        which = st.segmented_control(
            "Pairs", list(WHICH), format_func=WHICH.__getitem__, default="leaks", key="pairs", required=True
        )
        least = st.slider(
            "Agreement of at least",
            near_duplicates.LEAST,
            1.0,
            near_duplicates.SURE,
            0.01,
            key="agreement",
            width=260,
            help="The correlation of the details of two images at 32 pixels, at the best shift. Lower it to see more "
            "pairs, down to images that are only similar.",
        )
        first = st.segmented_control(
            "Order", list(FIRST), format_func=FIRST.__getitem__, default="surest", key="order", required=True
        )
    st.markdown(f"**{found.summary(least)}.**")
    pairs = [pair for pair in getattr(found, which) if pair.agreement >= least]
    _pairs(dataset, pairs[: -COLUMNS * ROWS - 1 : -1] if first == "least" else pairs[: COLUMNS * ROWS])
    if len(pairs) > COLUMNS * ROWS:
        st.caption(f"{COLUMNS * ROWS} of {formats.count(len(pairs), 'pair')}")
    if leaked := len(found.leaked(least)):
        label = f"Make a copy without {formats.count(leaked, 'test image')}"
        copies.offer(server.datasets.clean(dataset, least), label, icon=":material/cleaning_services:", key="clean")


def _pairs(dataset: Dataset, pairs: list[Pair]) -> None:
    for start in range(0, len(pairs), COLUMNS):
        for column, pair in zip(st.columns(COLUMNS), pairs[start : start + COLUMNS], strict=False):
            rows = np.array([pair.row, pair.twin])
            names = [formats.plain(dataset.class_names[label]) for label in dataset.labels[rows]]
            title = names[0] if names[0] == names[1] else f"{names[0]} and {names[1]}"
            column.image(
                contact_sheet.strip(dataset.images[rows], columns=2),
                caption=f"{title}, {pair.agreement:.2f}{', mirrored' if pair.mirrored else ''}",
                width="stretch",
                alt=f"Images {pair.row} and {pair.twin}",
            )
