"""Layers: the same images after each stage of one network, and how well a linear head tells the classes there."""

from dataclasses import replace

import streamlit as st

from core import embeddings, maps
from core.errors import LabError
from core.maps import MapConfig
from dashboard import server
from dashboard.layers import choices, progress, story
from dashboard.map_view import view as map_view
from dashboard.maps import columns
from dashboard.ui import components

PAPER = "https://arxiv.org/abs/1610.01644"
VIEW = "layers"

components.page_header("Layers", "At what depth does a network begin to tell your classes apart?")
components.need_runs()
try:
    asked = choices.show([run for run in server.runs.rows() if run.config.trains and run.has_result])
    depths = server.layers.depths(*embeddings.network(asked.source))
    if depths is None:
        st.fragment(progress.wait_for_depths, run_every=progress.POLL)(*embeddings.network(asked.source))
        st.stop()

    configs: list[MapConfig] = []
    for depth in depths:  # each layout begins where the one before it ended, so that the eye can follow a class
        source, start = replace(asked.source, layer=depth.block), configs and maps.key(configs[-1])
        config = maps.fitting(MapConfig(source, method=asked.method), len(server.maps.rows(source)))
        configs.append(replace(config, start=start or ""))
    drawn = [server.maps.drawn(config) for config in configs]
    found = server.layers.probes(asked.source, asked.n_train)
    missing = [config for config, each in zip(configs, drawn, strict=True) if each is None]
    if missing or found is None:
        progress.show(asked, missing, probed=found is not None)

    if found:
        st.markdown(story.sentence(found))
    there = [(depth, each) for depth, each in zip(depths, drawn, strict=True) if each]
    if there:
        probes = {probe.block: probe for probe in found.probes} if found else {}
        dataset, rows = server.datasets.get(asked.source.dataset), there[0][1].rows
        map_view.show(
            [
                map_view.Panel(each.key, story.title(depth), story.caption(probes.get(depth.block)))
                for depth, each in there
            ],
            rows, dataset, columns.of_images(dataset, rows, server.datasets.splits(dataset)),
            key=VIEW, colour="class", arrange="grid" if len(there) > 1 else "single",
            height=600 if len(there) > 3 else 400,  # three stand in a row
        )  # fmt: skip
        st.caption(maps.METHODS[asked.method].caution)
    if found:
        components.chart(story.chart(found), key="probes", alt="Accuracy of linear probes against depth")
        st.caption(
            f"Measured on {found.hardware}: linear heads on {found.n_train:,} training images, their strength chosen "
            f"on {found.n_val:,} for validation, tested once on {found.n_test:,}; bars are 95 % intervals (Wilson). "
            "After Alain and Bengio, 2016: [Understanding intermediate layers using linear classifier "
            f"probes]({PAPER})."
        )
except LabError as error:
    components.show_missing(error)
