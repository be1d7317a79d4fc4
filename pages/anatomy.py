"""Anatomy: open an architecture, freeze part of it, and see layer by layer what remains to be trained."""

from typing import NoReturn

import streamlit as st

from core import anatomy as anatomies
from core import backbones
from core.anatomy import Anatomy
from core.data.datasets import Dataset
from core.errors import LabError
from dashboard import server
from dashboard.anatomy import activations_tab, block, comparison, idea_tab, layers, picture, plan, textbook_tab
from dashboard.state import address, visitor
from dashboard.ui import choices, components, selections

TABS = {"layers": "Layers", "block": "One block", "scratch": "From scratch", "idea": "The idea", "sees": "What it sees"}

components.page_header("Anatomy", "What is inside a network, and what is left to train when part of it is frozen?")

# Choose
networks = {name: name for name in [*backbones.pretrained_names(), *backbones.scratch_names()]}
default = next((name for name in visitor.get().backbones if name in networks), "EfficientNetLite0")
architecture, pixels, images, compared = st.columns([3, 2, 3, 4])
with architecture:
    name = choices.titled(st.selectbox, "backbone", "Architecture", {default: default} | networks)
spec = backbones.get(name)
with pixels:
    size = address.number(
        st.number_input,
        "input_size",
        "Input (px)",
        default=spec.default_size,
        least=spec.min_size,
        most=spec.max_size or anatomies.LARGEST,
        scope=f"anatomy-{name}",
        step=spec.size_step,
    )
with images:
    dataset_name = choices.dataset()
with compared:
    address.check_bound("with", "Compare with", networks)
    others = st.multiselect(
        "Compare with",
        [other for other in networks if other != name],
        key="with",
        bind="query-params",
        placeholder="Up to four others",
        max_selections=4,
        select_all=False,
    )


# Read
def _wait_until_read(name: str, size: int) -> NoReturn:
    st.skeleton(height=330)
    st.skeleton(height=460)
    _poll(name, size)
    st.stop()


@st.fragment(run_every=0.25)
def _poll(name: str, size: int) -> None:
    if not server.anatomy.reading(name, size):
        components.redraw()


try:
    dataset = server.datasets.get(dataset_name)
    anatomy = server.anatomy.describe(name, size)
except LabError as error:
    components.show_error(error)
    st.stop()
st.markdown(f"**{name}** · {comparison.headline(spec, anatomy)}")
if anatomy is None:
    _wait_until_read(name, size)


# Show
@address.together()
def _open_clicked() -> None:
    """Open the part whose box was clicked."""
    for part in selections.ids(st.session_state.get("picture", {}))[:1]:
        address.put("part", part)
        address.put("tab", "block")


@st.fragment
def _show(anatomy: Anatomy, dataset: Dataset) -> None:
    """Slider, totals, picture and tabs: one fragment, so that a change of the plan shows at once."""
    unfreeze, count = plan.choose(anatomy)
    frozen = anatomies.freeze(anatomy, unfreeze, count)
    plan.show(anatomy, frozen, dataset, unfreeze)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        by = choices.titled(
            st.segmented_control,
            "width",
            "Width shows",
            picture.WIDTHS,
            required=True,
            help="Height shows the resolution and width this quantity, both as square roots. Below the boxes: their "
            "resolution and channels. Click a box to open it",
        )
        plan.links(anatomy, frozen, dataset, unfreeze)
    boxes = picture.parts(anatomy, frozen)
    head = anatomies.head_params(anatomy, len(dataset.class_names))
    part = block.opened(anatomy, address.one_of("part", "Part", anatomy.parts) or "")
    summary = plan.sentence(anatomy, frozen, unfreeze).replace("*", "")
    components.chart(
        picture.figure(
            boxes,
            by=by,
            head=f"{head:,} parameters, always trains",
            chosen=part if st.query_params.get("tab") == "block" else "",
        ),
        key="picture",
        alt=f"{anatomy.backbone} from image to head in {len(boxes)} parts. {summary}",
        selection="points",
        on_select=_open_clicked,
    )
    tab = choices.titled(st.segmented_control, "tab", "Look closer", TABS, required=True, label_visibility="collapsed")
    if tab == "block":
        block.show(anatomy, frozen)
    elif tab == "scratch":
        textbook_tab.show(anatomy.backbone)
    elif tab == "idea":
        idea_tab.show(anatomy.backbone)
    elif tab == "sees":
        activations_tab.show(anatomy.backbone, anatomy.input_size)
    else:
        layers.show(anatomy, frozen)


if others:
    with st.expander("Side by side", expanded=True, icon=":material/compare_arrows:"):
        comparison.compare(anatomy, others)
_show(anatomy, dataset)
