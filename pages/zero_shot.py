"""Zero-shot: a model that gets the names of the classes, and no labelled images."""

import streamlit as st

from core.errors import LabError
from core.zero_shot import encoder
from dashboard import server
from dashboard.state import address
from dashboard.ui import choices, components
from dashboard.zero_shot import prompts, shared, tried, weights
from dashboard.zero_shot import tabs as zero_shot_tabs

components.page_header("Zero-shot", "What can a network recognise from class names alone, without a single example?")

left, right = st.columns(2)
with right:
    name = choices.dataset()
with left:
    model = choices.titled(st.selectbox, "clip", "Model", {name: name for name in encoder.NAMES})
components.toy([model])
weights.show(model, server.backbones.here())
if model not in server.backbones.here():
    st.stop()

try:
    dataset = server.datasets.get(name)
    tabs = {
        "One photo": lambda: zero_shot_tabs.captions(model),
        "Prompts": lambda: prompts.show(model, name, dataset),
        tried.TAB: lambda: tried.show(model, name, dataset),
        "Search": lambda: zero_shot_tabs.search(model, name, dataset),
        "New classes": lambda: zero_shot_tabs.new_classes(model),
        "Images and texts": lambda: zero_shot_tabs.matrix(model, dataset),
    }
    address.check_bound("zero-shot", "Tab", tabs)
    needs_features = ("Prompts", tried.TAB, "Search")
    for (title, draw), tab in zip(tabs.items(), st.tabs(list(tabs), key="zero-shot", bind="query-params"), strict=True):
        if not tab.open:
            continue
        with tab:
            if title in needs_features and not server.zero_shot.prepared(model, name):
                shared.wait_for_features(model, name)
            else:
                draw()
except LabError as error:
    components.show_error(error)
