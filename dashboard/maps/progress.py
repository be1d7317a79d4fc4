"""Maps that are not drawn yet: what they will show and cost, their progress, and errors."""

import numpy as np
import streamlit as st

from core import backbones, embeddings, maps
from core.data.datasets import Dataset
from core.features import throughput
from core.maps import MapConfig
from dashboard import server
from dashboard.state import address
from dashboard.ui import components, contact_sheet, formats, task_progress

POLL = 0.5  # seconds between polls
SHOWN = 10  # example images


def show(config: MapConfig, dataset: Dataset, rows: np.ndarray) -> None:
    """Offer to draw a map, or show its progress, in place of the map.

    Args:
        rows: Row ids (n,) of the images on the map.
    """
    task = server.maps.task(config)
    if task.running:
        st.fragment(live, run_every=POLL)([config])
        return
    task_progress.why_it_ended(task.error)
    with st.container(border=True):
        st.markdown(f"**{formats.plain(server.maps.title(config))}**")
        st.markdown(f":gray[{maps.METHODS[config.method].idea}]")
        examples = rows[np.linspace(0, len(rows) - 1, min(SHOWN, len(rows))).astype(int)]
        st.image(contact_sheet.strip(dataset.images[examples], columns=SHOWN), alt=f"{len(examples)} of the images")
        fits = maps.fitting(config, len(rows))
        if fits != config:
            _offer(config, fits, len(rows))
            return
        with st.container(horizontal=True, vertical_alignment="center"):
            task_progress.begin_button([task], "Draw the map", icon=":material/scatter_plot:", key="draw")
            st.markdown(f":gray[{what_it_takes(config.source, len(rows))}]", width="content")


def show_several(missing: list[MapConfig], label: str) -> None:
    """The same for several maps that belong together: one button, one progress bar, one way to cancel.

    Args:
        missing: In the order they are to be drawn: one that starts from another comes after it.
        label: Label of the button, such as "Draw both maps".
    """
    tasks = [server.maps.task(config) for config in missing]
    if any(task.running for task in tasks):
        st.fragment(live, run_every=POLL)(missing)
        return
    task_progress.why_it_ended(next((error for task in tasks if (error := task.error)), None))
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        task_progress.begin_button(tasks, label, icon=":material/scatter_plot:", key="draw-several")
        st.markdown(f":gray[{formats.count(len(missing), 'map')}. {_cost(missing)}]", width="content")


def live(configs: list[MapConfig]) -> None:
    """Progress of the missing maps; a fragment that reruns the page at the end."""
    running = {config: task for config in configs if (task := server.maps.task(config)).running}
    if not running:
        components.redraw()
        return
    config, task = next(iter(running.items()))
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            position = f", {len(configs) - len(running) + 1} of {len(configs)} maps" if len(configs) > 1 else ""
            st.markdown(f"**{formats.plain(server.maps.title(config))}**{position}")
            task_progress.cancel_button(running.values(), key="cancel-drawing")
        task_progress.bar(task)


def what_it_takes(source: embeddings.Source, images: int) -> str:
    """How many images the network must still process before the map is computed, and how long that takes here."""
    missing = embeddings.missing(source)
    if not missing:
        return f"The features of all {formats.count(images, 'image')} are cached: only the map has to be computed."
    text = f"{formats.count(missing, 'image')} to process first"
    size = source.input_size or backbones.get(source.backbone).default_size
    if not source.run and (estimate := throughput.estimate(source.backbone, size, missing)):
        return f"{text}, about {formats.duration(estimate.seconds)} ({estimate.basis.lower()}), then the map."
    return f"{text}, then the map."


def _offer(config: MapConfig, fits: MapConfig, images: int) -> None:
    """Too few images for the parameter: say so, and offer the largest value that fits."""
    name = {"tsne": "perplexity", "umap": "neighbours"}[config.method]
    requested, most = f"{getattr(config, name):g}", f"{getattr(fits, name):g}"
    parameter = f"perplexity {requested}" if name == "perplexity" else f"{requested} neighbours"
    st.warning(
        f"Use at most {most}, or choose more images.",
        title=f"{formats.count(images, 'image')} are too few for {parameter}",
    )
    st.button(
        f"Draw the map with {most}",
        type="primary",
        icon=":material/scatter_plot:",
        key="draw",
        on_click=_draw_fitting,
        args=(fits, name, most),
    )


def _draw_fitting(fits: MapConfig, name: str, most: str) -> None:
    address.put(name, most)
    task_progress.begin([server.maps.task(fits)])


def _cost(missing: list[MapConfig]) -> str:
    """What the networks still have to process; complete sources are mentioned only if all are complete."""
    images = len(server.maps.rows(missing[0].source))
    sources = dict.fromkeys(config.source for config in missing)
    incomplete = [source for source in sources if embeddings.missing(source)]
    costs = [what_it_takes(source, images) for source in incomplete or [missing[0].source]]
    return " ".join(dict.fromkeys(costs))
