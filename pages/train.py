"""Train: choose, see what will train and what it costs, then start, watch, pause or stop it."""

from dataclasses import replace

import streamlit as st

from core.config import TRAINED, RunConfig
from core.errors import LabError, StoreError
from dashboard import server
from dashboard.run import progress
from dashboard.state import visitor
from dashboard.train import cost, freeze, options, recipe, start, sweep
from dashboard.ui import choices, components

components.page_header("Train", "How well does a head, a fine-tuned backbone or a new network learn your classes?")
recipe.follow_link()
start.acknowledge()
left, right = st.columns([5, 7], gap="large")

with left:
    dataset = choices.dataset()
    method = recipe.method()
    names = recipe.networks(method)
    named = recipe.choose()
    changed = st.empty()
    if method in TRAINED:  # which may take a head or a teacher from another run
        components.need_runs()
    with st.expander("More", icon=":material/tune:"):
        more = options.More(method, dataset, names, named)
        fields = more.show()
    sweep_area = st.container()

with right:
    run_area = st.container()  # the run that is shown, once the store is open
    configs, entries, plans, frozen, error = [], [], [], None, None
    try:
        if names and method == "finetune":
            fields |= freeze.choose(names[0], fields["input_size"])
        configs = [RunConfig(dataset=dataset, backbone=name, method=method, recipe=named, **fields) for name in names]
        if not all(recipe.kept(config) for config in configs if named):
            configs = [replace(config, recipe="") for config in configs]
            changed.caption(":material/edit: Changed below, so these are no longer the recipe's settings.")
        if configs:
            recipe.name_teacher(changed, configs[0])
        if configs and configs[0].trains:
            frozen = freeze.show(configs[0])
            for config in configs[1:]:
                server.training.frozen(config)  # raises before the start if the network does not allow the plan
        if configs:
            with sweep_area:
                vary = sweep.choose(configs[0])
            entries = [sweep.entry(config, vary, more.seeds) for config in configs]
        plans = cost.show(entries, more.cached_size)
        if frozen:
            cost.memory(configs[0], frozen)
    except StoreError:  # said once for the page, of which nothing works without runs
        raise
    except LabError as raised:
        error = raised
        components.show_error(error)
    if frozen:
        freeze.layers(frozen, configs[0])
    if configs and not error:
        more.explain(configs[0], plans[0].n_train)
    start.show([] if error else entries, plans)

    components.need_runs()
    active = server.runs.active()
    current = visitor.get().run or (active[0].id if active else "")
    with run_area:
        if current:
            progress.show(current, narrow=True)
        progress.queue(but=current)
        if current or active:
            st.subheader("The next run", anchor=False)
