"""What a map is of, and how it is made: the widgets of the page Maps, all of them in the address bar."""

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core import backbones, maps
from core.config import DEMO
from core.embeddings import IMAGES, Source
from core.maps import MapConfig
from dashboard import server
from dashboard.state import address, visitor
from dashboard.train import options
from dashboard.ui import choices

OF = {"backbone": "A backbone", "run": "A run"}
WHAT = {"features": "Features, before the head", "logits": "Logits, what the head makes of them"}
METRICS = {"euclidean": "Euclidean", "cosine": "Cosine"}
DIMS = {"2": "2-D", "3": "3-D"}
MOST_AT_FIRST = 10_000  # images; of a larger dataset the test images are drawn first
TITLES = dict(
    zip(
        IMAGES,
        ("All images", "Training images", "Validation", "Test images", "The book's 20 %", "The book's other 80 %"),
        strict=True,
    )
)


def show(runs: pd.DataFrame) -> tuple[MapConfig, DeltaGenerator]:
    """Draw them; returns what they say, and the line of widgets that may be gone on with.

    Args:
        runs: Rows of `runs.table`, newest first.

    Raises:
        LabError: What is asked for cannot be.
    """
    how = st.container(horizontal=True, vertical_alignment="bottom")
    with how:
        with st.popover("Images and network", icon=":material/tune:"):  # the map's title says which they are
            with st.container(horizontal=True, vertical_alignment="bottom"):
                fields = _network(runs[runs["accuracy"].notna()])
                fields["images"] = _images(fields["dataset"])
            more = st.container()
        chosen = _method()
        dims = choices.titled(st.segmented_control, "dims", "Dimensions", DIMS, required=True)
    with more:
        fields |= _more(fields)
        settings = _settings(chosen)
    return MapConfig(Source(**fields), method=chosen, dims=int(dims), **settings), how


def _network(runs: pd.DataFrame) -> dict:
    """Whose vectors: a backbone's as it came, or a network's as a run left it."""
    of = "backbone"
    if len(runs):
        if st.query_params.get("of") is None and "of" not in st.session_state:
            st.session_state["of"] = of
        of = choices.titled(st.segmented_control, "of", "Vectors of", OF, required=True)
    if of != "run":
        dataset = choices.dataset()
        return {"dataset": dataset, "backbone": choices.backbone()}
    titles = {run["run_id"]: choices.run_title(run) for _, run in runs.iterrows()}
    st.session_state["map-run"] = visitor.get().run if visitor.get().run in titles else next(iter(titles))

    def keep() -> None:
        if st.session_state.get("map-run") in titles:  # the page may have been left meanwhile
            visitor.update(run=st.session_state["map-run"])

    run = st.selectbox("Run", list(titles), format_func=titles.get, key="map-run", on_change=keep)
    return {"dataset": runs.set_index("run_id").at[run, "dataset"], "run": run}


def _images(dataset: str) -> str:
    sizes = {summary.name: summary.images for summary in server.datasets.available_datasets()}
    first = "all" if sizes.get(dataset, 0) <= MOST_AT_FIRST else "test"
    return choices.titled(st.selectbox, "images", "Images", {first: TITLES[first], **TITLES})


def _method() -> str:
    usual = MapConfig(Source()).method
    titles = {usual: maps.METHODS[usual].title} | {name: each.title for name, each in maps.METHODS.items()}
    return choices.titled(st.segmented_control, "map", "Method", titles, required=True)


def _more(fields: dict) -> dict:
    """Which images exactly, and the pixels that a backbone gets."""
    found = {
        "n_images": address.number(
            st.number_input, "n_images", "How many images", default=0, least=0, most=1_000_000, step=1000,
            help="In equal shares of each class; 0 for all of them. Fewer are a part of more.",
        ),
    }  # fmt: skip
    if "run" in fields:
        return found | {"what": choices.titled(st.segmented_control, "what", "Vectors", WHAT, required=True)}
    facts = backbones.get(fields["backbone"])
    usual = DEMO.input_size if facts.name == DEMO.backbone else facts.default_size
    return found | {
        "input_size": address.number(
            st.number_input, "input_size", "Input size (px)", default=usual, least=facts.min_size, most=1024,
            step=32, scope=facts.name, help="What each image is enlarged to before the network sees it",
        ),
        "weights": choices.titled(st.selectbox, "weights", "Weights", options.WEIGHTS, accept_new_options=True),
        "preprocessing": choices.titled(st.selectbox, "preprocessing", "Pixels", options.PIXELS),
        "pooling": options.pooling(facts.name),
    }  # fmt: skip


def _settings(method: str) -> dict:
    """The parameters that matter for a method."""
    usual = MapConfig(Source())
    found = {"seed": address.number(st.number_input, "seed", "Seed", default=usual.seed, least=0, most=2**31 - 1)}
    if method == "pca":
        return found
    found["components"] = address.number(
        st.number_input, "components", "Principal components first", default=usual.components, least=0, most=500,
        help="The map is made of so many principal components: faster, and less noise. 0 for the vectors themselves.",
    )  # fmt: skip
    if method == "tsne":
        found["perplexity"] = address.number(
            st.number_input, "perplexity", "Perplexity", default=float(usual.perplexity), least=1.0, most=500.0,
            step=5.0, help="About how many neighbours each image keeps close",
        )  # fmt: skip
    else:
        found["neighbours"] = address.number(
            st.number_input, "neighbours", "Neighbours", default=usual.neighbours, least=2, most=200,
            help="How many neighbours each image is tied to: few show detail, many show the whole",
        )  # fmt: skip
        found["min_dist"] = address.number(
            st.slider, "min_dist", "Least distance", default=float(usual.min_dist), least=0.0, most=0.99, step=0.05,
            help="How tightly points may be packed",
        )  # fmt: skip
    found["metric"] = choices.titled(st.segmented_control, "metric", "Distance", METRICS, required=True)
    return found
