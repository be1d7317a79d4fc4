"""Maps that are not drawn yet: what they would show and take, then how far they are, and why they failed."""

import numpy as np
import streamlit as st

from core import backbones, embeddings, maps
from core.data.datasets import Dataset
from core.features import throughput
from core.maps import MapConfig
from dashboard import server
from dashboard.state import address
from dashboard.ui import contact_sheet, formats, task_progress

POLL = 0.5  # seconds between two looks
SHOWN = 10  # images that stand for those of the map


def show(config: MapConfig, dataset: Dataset, rows: np.ndarray) -> None:
    """Draw it in place of the map.

    Args:
        rows: Row ids (n,) of the images that the map would be of.
    """
    task = server.maps.task(config)
    if task.running:
        st.fragment(live, run_every=POLL)([config])
        return
    task_progress.why_it_ended(task.error)
    with st.container(border=True):
        st.markdown(f"**{server.maps.title(config)}**")
        st.markdown(f":gray[{maps.METHODS[config.method].idea}]")
        few = rows[np.linspace(0, len(rows) - 1, min(SHOWN, len(rows))).astype(int)]
        st.image(contact_sheet.strip(dataset.images[few], places=SHOWN), alt=f"{len(few)} of the images")
        fits = maps.fitting(config, len(rows))
        if fits != config:
            _offer(config, fits, len(rows))
            return
        with st.container(horizontal=True, vertical_alignment="center"):
            st.button(
                "Draw the map",
                type="primary",
                icon=":material/scatter_plot:",
                key="draw",
                on_click=task_progress.begin,
                args=([task],),
            )
            st.markdown(f":gray[{what_it_takes(config.source, len(rows))}]", width="content")


def show_several(missing: list[MapConfig], label: str) -> None:
    """Draw it in place of several maps that belong together: one button, one progress, one way to cancel.

    Args:
        missing: In the order they are to be drawn: one that starts from another comes after it.
        label: Of the button: Draw both maps.
    """
    tasks = [server.maps.task(config) for config in missing]
    if any(task.running for task in tasks):
        st.fragment(live, run_every=POLL)(missing)
        return
    task_progress.why_it_ended(next((error for task in tasks if (error := task.error)), None))
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.button(
            label,
            type="primary",
            icon=":material/scatter_plot:",
            key="draw-several",
            on_click=task_progress.begin,
            args=(tasks,),
        )
        st.markdown(f":gray[{formats.count(len(missing), 'map')}. {_take(missing)}]", width="content")


def live(configs: list[MapConfig]) -> None:
    """How far the missing maps are; a fragment, which has the page drawn again at the end."""
    running = {config: task for config in configs if (task := server.maps.task(config)).running}
    if not running:
        st.rerun()
    config, task = next(iter(running.items()))
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            place = f", {len(configs) - len(running) + 1} of {len(configs)} maps" if len(configs) > 1 else ""
            st.markdown(f"**{server.maps.title(config)}**{place}")
            task_progress.cancel_button(running.values(), key="cancel-drawing")
        waiting = f"Waiting: {formats.count(task.ahead, 'map')} before it" if task.ahead else "Starting"
        task_progress.bar(task, waiting=waiting)


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
        f"Draw it with {most}",
        type="primary",
        icon=":material/scatter_plot:",
        key="draw",
        on_click=_draw_fitting,
        args=(fits, name, most),
    )


def _draw_fitting(fits: MapConfig, name: str, most: str) -> None:
    address.put(name, most)
    task_progress.begin([server.maps.task(fits)])


def _take(missing: list[MapConfig]) -> str:
    """What the networks still have to look at; those that have seen everything count only if all have."""
    images = len(server.maps.rows(missing[0].source))
    sources = dict.fromkeys(config.source for config in missing)
    incomplete = [source for source in sources if embeddings.missing(source)]
    takes = [what_it_takes(source, images) for source in incomplete or [missing[0].source]]
    return " ".join(dict.fromkeys(takes))
