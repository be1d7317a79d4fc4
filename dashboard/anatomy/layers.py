"""A table of every layer of an architecture that can be searched, filtered and folded into blocks."""

import pandas as pd
import streamlit as st

from core.anatomy import Anatomy
from core.anatomy.layers import LayerInfo
from core.training.freezing import Frozen
from dashboard.anatomy.picture import shape
from dashboard.state import address
from dashboard.ui import choices, formats, selections

ROWS = {"layers": "Every layer", "blocks": "Folded to blocks"}
HEIGHT = 460
WHOLE = "all"  # shown instead of a receptive field where the whole image is seen
COLUMNS = {
    "name": st.column_config.TextColumn("Layer", width=200, pinned=True),
    "kind": st.column_config.TextColumn("Type", width=165),
    "block": st.column_config.TextColumn("Block", width=115),
    "window": st.column_config.TextColumn("Window", width=95, help="Of a convolution or pooling, with its stride"),
    "output": st.column_config.TextColumn(
        "Output", help="For one image: height, width, channels; for a transformer: tokens, width"
    ),
    "params": st.column_config.NumberColumn("Parameters", format="localized"),
    "macs": st.column_config.NumberColumn(
        "MACs", format="compact", help="Multiply-accumulates for one image, of convolutions, dense layers and attention"
    ),
    "receptive": st.column_config.NumberColumn(
        "Sees (px)",
        help="Receptive field: the side of the square of the image that one output can depend on, by windows and "
        f"strides. {WHOLE.capitalize()}: the whole image",
    ),
    "trains": st.column_config.CheckboxColumn("Trains"),
    "batchnorm": st.column_config.TextColumn("BatchNorm", help="Its mode during training"),
}
BLOCK_COLUMNS = {
    "name": "Block",
    "layers": st.column_config.NumberColumn("Layers"),
    **{name: COLUMNS[name] for name in ("output", "params", "macs", "receptive")},
    "trainable": st.column_config.NumberColumn("Trainable", format="localized", help="Parameters that train"),
    "batchnorm": COLUMNS["batchnorm"],
}


def show(anatomy: Anatomy, frozen: Frozen) -> None:
    """The table, with its filters above."""
    table = frame(anatomy, frozen)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        rows = choices.titled(st.segmented_control, "rows", "Rows", ROWS, required=True)
        query = st.text_input(
            "Search", placeholder="Name, type or block: pool, add, block_3", key="layer", bind="query-params", width=320
        )
        address.check_bound("kind", "Types", set(table["kind"]))
        kinds = st.multiselect(
            "Types", sorted(table["kind"].unique()), key="kind", bind="query-params", select_all=False, width=360
        )
    if rows == "blocks":
        _folded(table, frozen)
        return
    shown = narrowed(table, query, kinds)
    _layers(shown, key="layers")
    st.caption(
        f"{formats.count(len(shown))} of {formats.count(len(table), 'layer')}: "
        f"{formats.count(int(shown['params'].sum()), 'parameter')}, {shown['macs'].sum() / 1e6:,.1f} M MACs per image. "
        "Operations that are not layers, such as `+`, are listed too."
    )


def frame(anatomy: Anatomy, frozen: Frozen) -> pd.DataFrame:
    """One row per layer, in the order of the graph: the columns of COLUMNS, `trainable` and `part`."""
    plan = {row.name: row for row in frozen.layers}
    rows = [
        {
            "name": layer.name,
            "kind": layer.kind,
            "block": layer.block,
            "part": layer.part,
            "window": _window(layer),
            "output": shape(layer.shape),
            "params": layer.params,
            "macs": layer.macs,
            "receptive": max(layer.receptive) if layer.receptive else None,
            "trainable": plan[layer.name].trainable_params if layer.name in plan else 0,
            "trains": layer.name in plan and plan[layer.name].trainable_params > 0,
            "batchnorm": plan[layer.name].batchnorm if layer.name in plan else "",
        }
        for layer in anatomy.layers
    ]
    return pd.DataFrame(rows).astype({"receptive": "Int64"})


def narrowed(table: pd.DataFrame, query: str, kinds: list[str]) -> pd.DataFrame:
    """Rows of these types whose name, type or block contains every word; all rows by default."""
    text = (table["name"] + " " + table["kind"] + " " + table["block"]).str.lower()
    kept = table["kind"].isin(kinds) if kinds else pd.Series(True, index=table.index)
    for word in query.lower().split():
        kept &= text.str.contains(word, regex=False)
    return table.loc[kept]


def folded(table: pd.DataFrame, frozen: Frozen) -> pd.DataFrame:
    """One row per block, with the output and the receptive field of its last layer."""
    sums = table.groupby("block", sort=False).agg(
        layers=("name", "size"),
        output=("output", "last"),
        params=("params", "sum"),
        macs=("macs", "sum"),
        trainable=("trainable", "sum"),
        receptive=("receptive", lambda sides: sides.iloc[-1]),  # "last" would skip those that see the whole image
    )
    sums["batchnorm"] = [block.batchnorm for block in frozen.blocks if block.name in sums.index]
    return sums.reset_index(names="name")


def _folded(table: pd.DataFrame, frozen: Frozen) -> None:
    blocks = folded(table, frozen)
    event = st.dataframe(
        blocks[list(BLOCK_COLUMNS)],
        hide_index=True,
        height=min(HEIGHT, 36 * (len(blocks) + 1)),
        column_config=BLOCK_COLUMNS,
        key="folded-layers",
        placeholder=WHOLE,
        on_select="rerun",
        selection_mode="multi-row",
        alt="Blocks of the architecture with their sums",
    )
    marked = selections.table_ids(event, blocks, "name")
    if marked:
        _layers(table.loc[table["block"].isin(marked)], key="unfolded")
    else:
        st.caption("Select blocks to see their layers.")


def _layers(table: pd.DataFrame, *, key: str) -> None:
    st.dataframe(
        table[list(COLUMNS)],
        hide_index=True,
        height=min(HEIGHT, 36 * (len(table) + 1)) if len(table) else 80,
        column_config=COLUMNS,
        key=key,
        placeholder=WHOLE,
        alt="Layers of the architecture: type, output, parameters, MACs, receptive field, whether it trains",
    )


def _window(layer: LayerInfo) -> str:
    if layer.window == (0, 0):
        return ""
    return f"{layer.window[0]} × {layer.window[1]}" + (f" / {layer.stride}" if layer.stride > 1 else "")
