"""Shared by the tabs of Zero-shot: texts that outlive their tab, waiting for the worker, grids of images."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from core.data.datasets import Dataset
from core.heads import Scaling
from dashboard import server
from dashboard.ui import components, formats, task_progress

TILE = 96  # pixels, square
HOW = {"softmax": "by a softmax over these captions", "sigmoid": "by a sigmoid, for this caption alone"}


def text(key: str, label: str, default: str, *, height: int = 160, help: str = "") -> str:
    """A text area whose text is kept while its tab is closed."""
    kept = f"kept-{key}"
    st.session_state[key] = st.session_state.get(kept, default)

    def keep() -> None:
        if key in st.session_state:  # the visitor may have left the page
            st.session_state[kept] = st.session_state[key]

    return st.text_area(label, key=key, height=height, help=help or None, on_change=keep)


def put(key: str, value: str) -> None:
    """Replace the text of such an area; for callbacks."""
    st.session_state[f"kept-{key}"] = value


@st.fragment(run_every=0.3)
def wait() -> None:
    """A placeholder until the worker has answered all questions."""
    if not server.zero_shot.busy():
        components.redraw()
    st.skeleton(height=120)


@st.fragment(run_every=0.3)
def wait_for_features(model: str, dataset: str) -> None:
    """Progress of the image features, until they are computed."""
    task = server.zero_shot.preparation(model, dataset)
    if server.engine.settled() and not task.running:
        components.redraw()
    task_progress.bar(task)


def image_row(dataset: Dataset, rows: np.ndarray, captions: Sequence[str]) -> None:
    """Images of a dataset by row id, each with a caption."""
    with st.container(horizontal=True, gap="xsmall"):
        for row, caption in zip(rows.tolist(), captions, strict=False):
            picture = components.thumbnail(dataset.images[row], TILE)
            st.image(picture, caption=caption, width=TILE, alt=f"Image {row}: {caption}")


def explain(scaling: Scaling) -> str:
    """How cosines become percentages, and what these may be taken for."""
    cosine = "The cosine measures how close two directions are"
    if scaling.bias is None:
        return (
            f"{cosine}; the softmax of cosines times {scaling.scale:.1f} turns them into shares that always sum to "
            "100 %, whether or not a text fits."
        )
    sign = "minus" if scaling.bias < 0 else "plus"
    return (
        f"{cosine}; the sigmoid of cosines times {scaling.scale:.1f}, {sign} {abs(scaling.bias):.1f}, judges each text "
        "by itself. So the percentages need not sum to 100 %: several texts may fit, and where all are small, perhaps "
        "none of these. The answer is still the largest. Nearly all pairs of image and text in its training did not "
        "match, so even a fitting text may get a low percentage."
    )


def cut(prompts: Sequence[str]) -> None:
    """Warn of prompts that were too long."""
    if prompts:
        st.warning(
            f"Only the beginning was read, up to the model's limit of tokens: {prompts[0][:90]} …",
            title=f"{formats.count(len(prompts), 'prompt')} too long",
        )
