"""A map that is not there yet: what it would be and how long it takes, then how far it is, and what kept it."""

import numpy as np
import streamlit as st

from core import backbones, embeddings, maps
from core.data.datasets import Dataset
from core.errors import LabError, Stopped
from core.features import throughput
from core.maps import MapConfig
from dashboard import server
from dashboard.state import address
from dashboard.ui import components, contact_sheet, formats

POLL = 0.5  # seconds between two looks
SHOWN = 10  # images that stand for those of the map


def show(config: MapConfig, dataset: Dataset, rows: np.ndarray) -> None:
    """Draw it in place of the map.

    Args:
        rows: Row ids (n,) of the images that the map would be of.
    """
    if server.maps.drawing(config):
        st.fragment(live, run_every=POLL)([config])
        return
    what_happened(server.maps.drawing_failed(config))
    with st.container(border=True):
        st.markdown(f"**{server.maps.map_title(config)}**")
        st.markdown(f":gray[{maps.METHODS[config.method].idea}]")
        few = rows[np.linspace(0, len(rows) - 1, min(SHOWN, len(rows))).astype(int)]
        st.image(contact_sheet.strip(dataset.images[few], places=SHOWN), alt=f"{len(few)} of the images")
        fits = maps.fitting(config, len(rows))
        if fits != config:
            _offer(config, fits, len(rows))
            return
        with st.container(horizontal=True, vertical_alignment="center"):
            st.button(
                "Draw the map", type="primary", icon=":material/scatter_plot:", key="draw", on_click=_draw,
                args=(config,),
            )  # fmt: skip
            st.markdown(f":gray[{what_it_takes(config.source, len(rows))}]", width="content")


def live(configs: list[MapConfig]) -> None:
    """How far the maps that are not drawn yet are; a fragment, which has the page drawn anew at the end."""
    under_way = [config for config in configs if server.maps.drawing(config)]
    if not under_way:
        st.rerun()
    config = under_way[0]
    moment = server.maps.drawing_progress(config)
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            place = f", {len(configs) - len(under_way) + 1} of {len(configs)} maps" if len(configs) > 1 else ""
            st.markdown(f"**{server.maps.map_title(config)}**{place}")
            st.button(
                "Cancel", icon=":material/stop_circle:", key="cancel-drawing", on_click=_cancel, args=(under_way,)
            )
        waiting = server.maps.before_in_line(config)
        text = f"Waiting: {formats.count(waiting, 'map')} before it" if waiting else "Starting"
        st.progress(moment.fraction if moment else 0.0, text=formats.progress(moment) if moment else text)


def what_happened(error: LabError | None) -> None:
    """Why the last attempt gave no map, if there was one."""
    if isinstance(error, Stopped):
        st.info("Features that are finished are kept: drawn again, it goes on from there.", title="Cancelled")
    elif error:
        components.show_error(error)


def what_it_takes(source: embeddings.Source, images: int) -> str:
    """How many images the network still has to look at, and how long that takes here; the map itself comes after."""
    missing = embeddings.missing(source)
    if not missing:
        return f"The features of all {formats.count(images, 'image')} are there: the map alone is to be computed."
    text = f"{formats.count(missing, 'image')} to look at first"
    size = source.input_size or backbones.get(source.backbone).default_size
    if not source.run and (estimate := throughput.estimate(source.backbone, size, missing)):
        return f"{text}, about {formats.duration(estimate.seconds)} ({estimate.basis.lower()}), then the map."
    return f"{text}, then the map."


def _offer(config: MapConfig, fits: MapConfig, images: int) -> None:
    """Fewer images than neighbours: say so, and offer the most that there are."""
    name, what = {"tsne": ("perplexity", "a perplexity of"), "umap": ("neighbours", "a number of neighbours of")}[
        config.method
    ]
    asked, most = f"{getattr(config, name):g}", f"{getattr(fits, name):g}"
    st.warning(
        f"At most {most}, or choose more images.",
        title=f"{formats.count(images, 'image')} are too few for {what} {asked}",
    )
    st.button(
        f"Draw it with {most}", type="primary", icon=":material/scatter_plot:", key="draw", on_click=_draw_fitting,
        args=(fits, name, most),
    )  # fmt: skip


def _draw_fitting(fits: MapConfig, name: str, most: str) -> None:
    address.put(name, most)
    _draw(fits)


def _draw(config: MapConfig) -> None:
    try:
        server.maps.draw(config)
    except LabError as error:
        st.toast(str(error), icon=":material/error:")


def _cancel(configs: list[MapConfig]) -> None:
    for config in configs:
        server.maps.cancel_drawing(config)
