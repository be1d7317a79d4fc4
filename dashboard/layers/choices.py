"""Which network is looked into, on which images, and how: the widgets of the page Layers, all in the address bar."""

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from core import backbones
from core.config import DEMO
from core.embeddings import Source
from core.maps import METHODS
from core.runs import RunRow
from dashboard import server
from dashboard.state import address
from dashboard.ui import choices

OF = {"backbone": "A backbone", "run": "A fine-tune"}
IMAGES = 2000  # test images, and as many to train the probes on: a minute, and intervals of two points


@dataclass(frozen=True)
class Asked:
    """What a visitor wants to look into."""

    source: Source  # test images
    n_train: int  # images that the linear heads learn from; 0: all
    method: str  # of the maps


def show(tuned: Sequence[RunRow]) -> Asked:
    """Draw them; returns what they say.

    Args:
        tuned: Runs whose networks trained.

    Raises:
        LabError: What is asked for cannot be.
    """
    network, how, more = st.columns([9, 4, 2], vertical_alignment="bottom")
    with network.container(horizontal=True, vertical_alignment="bottom"):
        fields = _network(tuned)
    with how:
        titles = {name: METHODS[name].title for name in ("umap", "tsne", "pca")}
        method = choices.titled(st.segmented_control, "map", "Maps", titles, required=True)
    with more, st.popover("More", icon=":material/tune:", width="stretch"):
        if "run" not in fields:
            facts = backbones.get(fields["backbone"])
            usual = DEMO.input_size if facts.name == DEMO.backbone else facts.default_size
            fields["input_size"] = address.number(
                st.number_input, "input_size", "Input size (px)", default=usual, least=facts.min_size, most=1024,
                step=32, scope=facts.name, help="What each image is enlarged to before the network sees it",
            )  # fmt: skip
        splits = server.datasets.splits(server.datasets.get(fields["dataset"]))
        n_test, n_train = (
            address.number(
                st.number_input, name, label, default=min(IMAGES, len(splits[split])), least=20,
                most=len(splits[split]), step=500, scope=fields["dataset"],
            )
            for name, label, split in (
                ("layer_images", "Test images, on the maps", "test"),
                ("probe_images", "Training images of the probes", "train"),
            )
        )  # fmt: skip
    return Asked(Source(images="test", n_images=n_test, **fields), n_train, method)


def _network(tuned: Sequence[RunRow]) -> dict:
    of = "backbone"
    if len(tuned):
        of = choices.titled(st.segmented_control, "of", "Look into", OF, required=True)
    if of != "run":
        return {"dataset": choices.dataset(), "backbone": choices.backbone()}
    with st.container(width=300):
        run = choices.run(tuned)
    return {"dataset": run.config.dataset, "run": run.id}
