"""The widgets of the page Maps: what a map shows and how it is made, kept in the address bar."""

from collections.abc import Sequence
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core import backbones, maps, options
from core.config import DEMO
from core.embeddings import IMAGES, Source
from core.maps import MapConfig
from core.runs import RunRow
from dashboard import server
from dashboard.train import options as train_options
from dashboard.ui import choices

OF = {"backbone": "A backbone", "run": "A run"}
MOST_AT_FIRST = 10_000  # images; a larger dataset starts with its test images
TITLES = dict(
    zip(
        IMAGES,
        ("All images", "Training images", "Validation", "Test images", "The book's 20 %", "The book's other 80 %"),
        strict=True,
    )
)


def show() -> tuple[MapConfig, DeltaGenerator]:
    """Draw the widgets; return the choice and their row, to which other widgets can be added.

    Raises:
        LabError: The choice is not possible.
    """
    row = st.container(horizontal=True, vertical_alignment="bottom")
    with row:
        with st.popover("Images and network", icon=":material/tune:"):  # the map's title shows the choice
            with st.container(horizontal=True, vertical_alignment="bottom"):
                fields = _network([run for run in choices.single_runs() if run.has_result])
                fields["images"] = _images(fields["dataset"])
            more = st.container()
        method = _method()
        option = options.of(MapConfig)["dims"]
        titles = {str(dims): title for dims, title in (option.choices or {}).items()}
        dims = choices.titled(st.segmented_control, "dims", option.label, titles, required=True)
    with more:
        fields |= _more(fields)
        settings = _settings(method)
    return MapConfig(Source(**fields), method=method, dims=int(dims), **settings), row


def _network(runs: Sequence[RunRow]) -> dict:
    """Which vectors: those of a pretrained backbone, or of the network of a run."""
    of = "backbone"
    if runs:
        if st.query_params.get("of") is None and "of" not in st.session_state:
            st.session_state["of"] = of
        of = choices.titled(st.segmented_control, "of", "Vectors of", OF, required=True)
    if of != "run":
        dataset = choices.dataset()
        return {"dataset": dataset, "backbone": choices.backbone()}
    run = choices.run(runs)
    return {"dataset": run.config.dataset, "run": run.id}


def _images(dataset: str) -> str:
    sizes = {summary.name: summary.images for summary in server.datasets.available()}
    first = "all" if sizes.get(dataset, 0) <= MOST_AT_FIRST else "test"
    return choices.titled(st.selectbox, "images", "Images", {first: TITLES[first], **TITLES})


def _method() -> str:
    default = options.defaults(MapConfig)["method"]
    titles = {default: maps.METHODS[default].title} | {name: method.title for name, method in maps.METHODS.items()}
    return choices.titled(st.segmented_control, "map", "Method", titles, required=True)


def _more(fields_so_far: dict) -> dict:
    """How many images, and how they are prepared for a backbone."""
    fields: dict = {"n_images": _option(Source, "n_images")}
    if "run" in fields_so_far:
        return fields | {"what": _option(Source, "what", widget=st.segmented_control, required=True)}
    backbone = backbones.get(fields_so_far["backbone"])
    default = DEMO.input_size if backbone.name == DEMO.backbone else backbone.default_size
    return fields | {
        "input_size": choices.option(
            Source,
            "input_size",
            label="Input size (px)",
            default=default,
            least=backbone.min_size,
            step=backbone.size_step,
            scope=backbone.name,
            help="Every image is resized to this before the network sees it",
        ),
        "weights": train_options.weights(),
        "preprocessing": choices.option(Source, "preprocessing"),
        "pooling": train_options.pooling(backbone.name),
    }


def _settings(method: str) -> dict:
    """The parameters that a method uses."""
    names = [name for name in maps.METHODS[method].options if name not in ("dims", "seed", "metric", "start")]
    fields = {"seed": choices.option(MapConfig, "seed")}
    for name in names:
        fields[name] = _option(MapConfig, name, widget=st.slider if name == "min_dist" else None)
    if "metric" in maps.METHODS[method].options:
        fields["metric"] = choices.option(MapConfig, "metric", widget=st.segmented_control, required=True)
    return fields


def _option(kind: type, name: str, **changes: Any) -> Any:
    """The widget of a field, with its meaning as a tooltip."""
    return choices.option(kind, name, help=choices.explanation(kind, name), **changes)
