"""One part of an architecture: its graph, and what it is made of."""

from collections import Counter

import streamlit as st

from core.anatomy import Anatomy
from core.anatomy.layers import LayerInfo
from core.training.freezing import Frozen
from dashboard.anatomy import graph as block_graph
from dashboard.anatomy.picture import shape
from dashboard.state import visitor
from dashboard.ui import choices, formats
from dashboard.ui.charts import ENLARGED

DETAIL = {"grouped": "Grouped layers", "every": "Every layer"}
SIZE = 14  # points of the type


def default(anatomy: Anatomy) -> str:
    """The part to open by default: the first of the most frequent kind."""
    kinds = {name: _kind(layers) for name, layers in anatomy.parts.items()}
    counts = Counter(kind for name, kind in kinds.items() if any(layer.macs for layer in anatomy.parts[name]))
    kind, _ = counts.most_common(1)[0]
    return next(name for name in kinds if kinds[name] == kind)


def opened(anatomy: Anatomy, name: str) -> str:
    """The part of this name, or the default if there is none."""
    return name if name in anatomy.parts else default(anatomy)


def show(anatomy: Anatomy, frozen: Frozen) -> None:
    """Choose a part, and show its graph and figures."""
    names = list(anatomy.parts)
    first = default(anatomy)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        part = choices.titled(
            st.selectbox,
            "part",
            "Part of the network",
            {first: first} | {name: name for name in names},
            help="Or click a box of the picture above",
            width=340,
        )
        detail = choices.titled(st.segmented_control, "detail", "Boxes", DETAIL, required=True)
    if part not in anatomy.parts:
        part = first
    wide = (
        block_graph.widest(block_graph.boxes(block_graph.unfolded(anatomy.parts[part]), every=detail == "every"))
        > block_graph.MAX_COLUMNS
    )
    table, graph = (st.container(), st.container()) if wide else st.columns([2, 5], gap="large")
    with table:
        _facts(anatomy, part, wide)
    with graph:
        large = visitor.get().projector and not wide
        st.graphviz_chart(
            block_graph.dot(
                anatomy,
                part,
                frozen,
                every=detail == "every",
                dark=st.context.theme.type == "dark",
                size=round(SIZE * (ENLARGED if large else 1)),
            ),
            width="stretch" if wide else "content",
            alt=f"Graph of {part} in {anatomy.backbone}. {block_graph.description(anatomy, part)}",
        )


def _facts(anatomy: Anatomy, part: str, wide: bool) -> None:
    layers = anatomy.parts[part]
    alike = sum(_kind(other) == _kind(layers) for other in anatomy.parts.values())
    params, macs = sum(layer.params for layer in layers), sum(layer.macs for layer in layers)
    st.markdown(f"**{part}**. {block_graph.description(anatomy, part)}")
    rows = {
        "Layers": _counted(layers),
        "Output": f"**{shape(layers[-1].shape)}**",
        "Parameters": f"**{formats.count(params)}**, {100 * params / anatomy.params:.1f} % of the network",
        "MACs": f"**{formats.millions(macs)}**, {100 * macs / anatomy.macs:.1f} % of the network",
        "Receptive field": _receptive_field(anatomy, layers),
    }
    if wide:
        st.markdown(" · ".join(f"{name} {value}" for name, value in rows.items()))
    else:
        st.table(rows, border="horizontal")
    if alike > 1:
        st.caption(f"{alike} of the {len(anatomy.parts)} parts of {anatomy.backbone} are wired like this one.")
    st.caption(":blue[Blue arrows] go around the layers. Hover over a box for the Keras names of its layers.")


def _counted(layers: tuple[LayerInfo, ...]) -> str:
    weighted, opened = sum(layer.weight_layer for layer in layers), block_graph.unfolded(layers)
    counts = f"**{len(layers)}**, {weighted} of them with weights"
    return counts if len(opened) == len(layers) else f"{counts}, and {len(opened)} when opened"


def _receptive_field(anatomy: Anatomy, layers: tuple[LayerInfo, ...]) -> str:
    field = layers[-1].receptive
    if not field:
        return "the whole image"
    side = max(field)
    return f"**{side} px**{', more than' if side > anatomy.input_size else ' of'} the image's {anatomy.input_size}"


def _kind(layers: tuple[LayerInfo, ...]) -> tuple:
    """Type, number of inputs and window of each layer: equal for parts with the same wiring."""
    return tuple((layer.kind, len(layer.sources), layer.window) for layer in layers)
