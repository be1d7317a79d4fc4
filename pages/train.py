"""Train: choose, know what it will cost, start, follow or stop it, and go on from the result."""

import streamlit as st

from core.config import RunConfig
from core.errors import LabError
from dashboard import choices, components, cost, following, recipe, resources, state

components.page_header("Train", "How well does a head tell your classes apart from what a backbone says of the images?")
left, right = st.columns([5, 7], gap="large")

with left:
    dataset = choices.dataset()
    names = choices.backbones()
    method = recipe.method()
    with st.expander("More", icon=":material/tune:"):
        more = recipe.more(method)

with right:
    configs, error = [], None
    try:
        configs = [RunConfig(dataset=dataset, backbone=name, method=method, **more) for name in names]
        cost.show(configs)
    except LabError as found:
        error = found
        components.show_error(error)
    label = "Start" if len(names) < 2 else f"Start {len(names)} runs"
    started = st.button(label, type="primary", icon=":material/play_arrow:", disabled=bool(error) or not names)
    if started:
        try:
            with st.spinner("Starting the engine"):
                run_ids = [resources.submit(config) for config in configs]
            state.update(run=run_ids[0])
            st.rerun()  # the status beside the page shows it too
        except LabError as found:
            components.show_error(found)

    components.need_runs()
    active = resources.active_runs()
    followed = state.get().run or (active[0].id if active else "")
    if followed:
        following.show(followed)
    following.queue(but=followed)
