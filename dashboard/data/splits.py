"""How many images each class has, how a dataset is split, and what each split is for."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import streamlit as st

from core.data.datasets import Dataset
from dashboard.ui import class_charts, components

SPLITS = {  # purpose of each
    "train": "Heads are trained on these",
    "val": "Chooses settings such as the strength of regularisation",
    "test": "Measures the accuracy once; used for nothing else",
    "probe20": "The book's 20 % of train, for a quick probe",
    "finetune80": "The book's other 80 % of train",
}


def show(dataset: Dataset, splits: Mapping[str, np.ndarray]) -> None:
    """The number of images of each class, where the splits come from, and a table of them."""
    images = np.bincount(dataset.labels, minlength=len(dataset.class_names))
    counts = pd.DataFrame({"class_name": np.array(dataset.class_names), "images": images})
    alt = f"Images of each class, {images.min()} to {images.max()}"
    components.chart(class_charts.class_balance(counts), key="balance", alt=alt)
    st.markdown(_origin(dataset))
    st.dataframe(
        pd.DataFrame(
            {
                "Split": list(SPLITS),
                "Images": [len(splits[split]) for split in SPLITS],
                "Of each class": [_per_class(dataset, splits[split]) for split in SPLITS],
                "For": list(SPLITS.values()),
            }
        ),
        hide_index=True,
        column_config={"Images": st.column_config.NumberColumn(format="localized")},
        alt="Splits with their numbers of images",
    )


def _origin(dataset: Dataset) -> str:
    parts = {"val": "validation", "test": "test"}
    official = [title for part, title in parts.items() if (dataset.official == part).any()]
    cut = [title for title in parts.values() if title not in official]
    sentences = [
        f"The {' and '.join(official)} images are the dataset's own." if official else "",
        f"The {' and '.join(cut)} images were drawn at random, stratified by class and always with the same seed."
        if cut
        else "",
        "All runs are tested on the same images.",
    ]
    return " ".join(sentence for sentence in sentences if sentence)


def _per_class(dataset: Dataset, rows: np.ndarray) -> str:
    counts = np.bincount(dataset.labels[rows], minlength=len(dataset.class_names))
    return f"{counts.min():,} to {counts.max():,}" if counts.min() < counts.max() else f"{counts.max():,}"
