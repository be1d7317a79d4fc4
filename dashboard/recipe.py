"""The choices of a run beside dataset and backbones: its head in sight, the rest under More.

Each is in the address bar under the name of its field in `RunConfig`.
"""

import streamlit as st

from core import heads
from core.config import PREPROCESSINGS, TRAIN_SPLITS
from dashboard import choices

SPLITS = dict(zip(TRAIN_SPLITS, ("All training images", "The book's 20 %", "The book's other 80 %"), strict=True))
PIXELS = dict(zip(PREPROCESSINGS, ("As the backbone wants them", "Divided by 255, the book's mistake"), strict=True))
WEIGHTS = {"imagenet": "ImageNet", "untrained": "Untrained"}  # or a path
OPTIONS = {  # of a head: label, least, most, step
    "epochs": ("Epochs", 1, 1000, 1),
    "batch_size": ("Batch size", 1, 8192, 32),
    "learning_rate": ("Learning rate", 1e-6, 10.0, 1e-4),
    "strength": ("L2 strength, 0 for automatic", 0.0, 1e6, 1e-4),
    "neighbours": ("Neighbours, 0 for automatic", 0, 1000, 1),
    "hidden": ("Hidden units", 1, 8192, 64),
}


def method() -> str:
    """Which head to put on the features."""
    titles = {name: each.title for name, each in heads.METHODS.items()}
    chosen = choices.titled(st.segmented_control, "method", "Head", titles, required=True, wrap=True)
    st.caption(heads.METHODS[chosen].idea)
    return chosen


def more(method: str) -> dict:
    """The other fields of a `RunConfig`, with defaults that suit most people."""
    left, right = st.columns(2)
    with left:
        chosen = {
            "input_size": _number("Input size in px, 0 for the backbone's own", "input_size", step=32),
            "n_train": _number("Training images, 0 for all", "n_train", step=100),
            "n_test": _number("Test images, 0 for all", "n_test", step=100),
        }
    with right:
        chosen |= {
            "weights": choices.titled(
                st.selectbox, "weights", "Weights, or a file's path", WEIGHTS, accept_new_options=True
            ),
            "train_split": choices.titled(st.selectbox, "train_split", "Train on", SPLITS),
            "seed": _number("Seed", "seed"),
        }
    chosen["preprocessing"] = choices.titled(st.selectbox, "preprocessing", "Pixels", PIXELS)
    columns = st.columns(2)
    for i, name in enumerate(name for name in OPTIONS if name in heads.METHODS[method].options):
        with columns[i % 2]:
            chosen[name] = _option(name)
    return chosen


def _number(label: str, key: str, *, step: int = 1) -> int:
    return st.number_input(label, min_value=0, value=0, step=step, key=key, bind="query-params")


def _option(name: str) -> float:
    label, least, most, step = OPTIONS[name]
    default = getattr(heads.Options, name)
    form = "%g" if isinstance(default, float) else "%d"
    return st.number_input(label, least, most, default, step, format=form, key=name, bind="query-params")
