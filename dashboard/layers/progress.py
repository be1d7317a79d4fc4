"""Probes and maps of layers that are still missing: what they cost, one button for all, progress, cancel."""

from collections.abc import Sequence

import streamlit as st

from core import embeddings, maps
from core.evaluation import layer_probes
from core.features.estimates import Count
from core.features.layers import Depth
from core.maps import METHODS, MapConfig
from dashboard import server
from dashboard.layers.choices import Choice
from dashboard.ui import components, formats, task_progress

POLL = 0.5  # seconds between polls


def show(choice: Choice, missing: list[MapConfig], depths: Sequence[Depth]) -> None:
    """Offer to compute what is missing, or show its progress.

    Args:
        missing: Maps that are not drawn yet, in the order in which they are to be drawn.
        depths: To be probed; none if the linear probes have been measured.
    """
    probing = server.layers.task(choice.source, choice.n_train)
    tasks = [server.maps.task(config) for config in missing]
    if probing.running or any(task.running for task in tasks):
        st.fragment(_live, run_every=POLL)(choice, missing, probe=bool(depths))
        return
    task_progress.why_it_ended(next((error for task in (probing, *tasks) if (error := task.error)), None))
    counted = _count(choice, missing, depths)
    with st.container(border=True):
        st.markdown(f"**{embeddings.title(choice.source)}**")
        st.markdown(
            ":gray[One pass over the images keeps the outputs of several blocks of the network. A linear head is "
            f"trained on each and tested once, and each gets a map by {METHODS[choice.method].title}.]"
        )
        with st.container(horizontal=True, vertical_alignment="center"):
            all_tasks = [probing, *tasks] if depths else tasks
            label, icon = "Examine the layers", ":material/layers:"
            task_progress.begin_button(all_tasks, label, icon=icon, key="look-into", counted=counted)


def wait_for_depths(backbone: str, input_size: int) -> None:
    """A fragment that waits until the worker has listed the layers that can be probed."""
    if not server.layers.reading(backbone, input_size):
        components.redraw()
    st.skeleton(height=240)


def _count(choice: Choice, missing: list[MapConfig], depths: Sequence[Depth]) -> Count:
    """The probes, if there are depths to probe, and the maps, which show images that the probes are tested on."""
    counted = Count("layers")
    if depths:
        layer_probes.count(choice.source, depths, n_train=choice.n_train, into=counted)
    elif missing:
        counted.network(*embeddings.network(choice.source), embeddings.missing(missing[0].source))
    maps.count([config.method for config in missing], len(server.maps.rows(choice.source)), into=counted)
    return counted


def _live(choice: Choice, missing: list[MapConfig], *, probe: bool) -> None:
    """A fragment that reruns the page whenever another result is ready."""
    tasks = {config: server.maps.task(config) for config in missing}
    drawing = [task for task in tasks.values() if task.running]
    probing = server.layers.task(choice.source, choice.n_train)
    drawn = any(server.maps.drawn(config) for config, task in tasks.items() if not task.running)
    probed = probe and not probing.running and server.layers.probes(choice.source, choice.n_train)
    if drawn or probed or not (drawing or probing.running):
        components.redraw()
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{embeddings.title(choice.source)}**")
            task_progress.cancel_button([probing, *drawing], key="cancel-layers")
        if probing.running:
            task_progress.bar(probing, "Linear probes")
        if drawing:
            task_progress.bar(drawing[0], f"{formats.count(len(drawing), 'map')} to draw")
