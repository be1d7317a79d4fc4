"""The widgets of the page Layers: which network, which images, which map method, kept in the address bar."""

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
IMAGES = 2000  # test images, and as many to train the probes: takes a minute, and intervals are about two points wide


@dataclass(frozen=True)
class Choice:
    """What a visitor chose."""

    source: Source  # test images
    n_train: int  # training images of the linear probes; 0: all
    method: str  # of the maps


def show() -> Choice:
    """Draw the widgets; return the choice.

    Raises:
        LabError: The choice is not possible.
    """
    line = st.container(horizontal=True, vertical_alignment="bottom")
    with line:
        fields = _network([run for run in choices.single_runs() if run.config.trains and run.has_result])
        titles = {name: METHODS[name].title for name in ("umap", "tsne", "pca")}
        method = choices.titled(st.segmented_control, "map", "Maps", titles, required=True)
    with line, st.popover("More", icon=":material/tune:"):
        if "run" not in fields:
            backbone = backbones.get(fields["backbone"])
            default = DEMO.input_size if backbone.name == DEMO.backbone else backbone.default_size
            fields["input_size"] = address.number(
                st.number_input,
                "input_size",
                "Input size (px)",
                default=default,
                least=backbone.min_size,
                most=1024,
                step=backbone.size_step,
                scope=backbone.name,
                help="Every image is resized to this before the network sees it",
            )
        splits = server.datasets.splits(server.datasets.get(fields["dataset"]))
        n_test, n_train = (
            address.number(
                st.number_input,
                name,
                label,
                default=min(IMAGES, len(splits[split])),
                least=min(20, len(splits[split])),
                most=len(splits[split]),
                step=500,
                scope=fields["dataset"],
            )
            for name, label, split in (
                ("layer_images", "Test images on the maps", "test"),
                ("probe_images", "Training images of the probes", "train"),
            )
        )
    return Choice(Source(images="test", n_images=n_test, **fields), n_train, method)


def _network(tuned: Sequence[RunRow]) -> dict:
    of = "backbone"
    if tuned:
        of = choices.titled(st.segmented_control, "of", "Layers of", OF, required=True)
    if of != "run":
        with st.container(width=175):  # the rest of the line is the backbone's, and whether its weights are here
            dataset = choices.dataset()
        return {"dataset": dataset, "backbone": choices.backbone()}
    with st.container(width=300):
        run = choices.run(tuned)
    return {"dataset": run.config.dataset, "run": run.id}
