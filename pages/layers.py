"""Layers: the same images after each block of a network, and how well a linear head separates the classes there."""

from dataclasses import replace

import streamlit as st

from core import backbones, embeddings, maps
from core.errors import LabError
from core.maps import MapConfig
from dashboard import server
from dashboard.layers import accuracy, choices, progress
from dashboard.map_view import view as map_view
from dashboard.maps import columns
from dashboard.ui import components, weights

PAPER = "https://arxiv.org/abs/1610.01644"
VIEW = "layers"

components.page_header("Layers", "At what depth does a network begin to tell your classes apart?")
components.need_runs()
answer = st.container()
try:
    choice = choices.show()
    network, size = embeddings.network(choice.source)
    depths = server.layers.depths(network, size)
    if depths is None:
        st.fragment(progress.wait_for_depths, run_every=progress.POLL)(network, size)
        st.stop()
    if not choice.source.run and backbones.get(network).weights_file and network not in server.backbones.here():
        weights.offer(network)  # each map starts from the one before, which its weights identify
        st.stop()

    configs: list[MapConfig] = []
    for depth in depths:  # each layout starts from the one before, so that one can follow the classes
        source, start = replace(choice.source, layer=depth.block), configs and maps.key(configs[-1])
        config = maps.fitting(MapConfig(source, method=choice.method), len(server.maps.rows(source)))
        configs.append(replace(config, start=start or ""))
    drawn = [server.maps.drawn(config) for config in configs]
    result = server.layers.probes(choice.source, choice.n_train)
    missing = [config for config, layout in zip(configs, drawn, strict=True) if layout is None]
    if missing or result is None:
        progress.show(choice, missing, [] if result else depths)

    if result:
        answer.markdown(accuracy.sentence(result))
        components.chart(accuracy.chart(result, network), key="probes", alt="Accuracy of linear probes against depth")
    available = [(depth, layout) for depth, layout in zip(depths, drawn, strict=True) if layout]
    if available:
        probes = {probe.block: probe for probe in result.probes} if result else {}
        dataset, rows = server.datasets.get(choice.source.dataset), available[0][1].rows
        map_view.show(
            [
                map_view.Panel(layout.key, accuracy.title(depth), accuracy.caption(probes.get(depth.block)))
                for depth, layout in available
            ],
            rows,
            dataset,
            columns.of_images(dataset, rows, server.datasets.splits(dataset)),
            key=VIEW,
            colour="class",
            arrange="grid" if len(available) > 1 else "single",
            height=600 if len(available) > 3 else 400,  # three fit in a row
        )
    with st.expander("How this was measured", icon=":material/info:"):
        st.caption(maps.METHODS[choice.method].caution)
        if result:
            st.caption(
                f"Measured on {result.hardware}: linear heads on {accuracy.probed(network)} after each block, with "
                f"{result.n_train:,} training images, L2 strength chosen on {result.n_val:,} validation images, tested "
                f"once on {result.n_test:,}; bars are 95 % intervals (Wilson). One block is called better than another "
                "if the 95 % interval of their difference (Newcombe) excludes 0. After Alain and Bengio, 2016: "
                f"[Understanding intermediate layers using linear classifier probes]({PAPER})."
            )
except LabError as error:
    components.show_missing(error)
