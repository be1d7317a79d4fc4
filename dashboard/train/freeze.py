"""Which part of a backbone trains: the choice, and below it the resulting network, block by block."""

from collections.abc import Callable, Mapping
from dataclasses import asdict

import pandas as pd
import streamlit as st

from core.config import RunConfig
from core.errors import LabError
from core.training import freezing, layer_decay
from core.training.freezing import Frozen
from dashboard import server
from dashboard.state import address
from dashboard.ui import choices, components, formats, training_charts

UNKNOWN = 1000  # layers of a network that has not been inspected yet


def choose(backbone: str, input_size: int) -> dict:
    """The freeze plan as fields of a `RunConfig`."""
    unfreeze = choices.option(RunConfig, "unfreeze", widget=st.segmented_control, required=True, wrap=True)
    if unfreeze not in ("blocks", "layers"):
        return {"unfreeze": unfreeze}
    most = _how_many(backbone, input_size, unfreeze)
    count = choices.option(
        RunConfig,
        "unfreeze_count",
        widget=st.slider if most > 1 else st.number_input,
        label=f"How many {unfreeze}, from the end",
        least=1,
        most=most,
    )
    return {"unfreeze": unfreeze, "unfreeze_count": count}


def show(config: RunConfig) -> Frozen | None:
    """Draw the network with the plan applied, with warnings about questionable plans; None until it has been inspected.

    Raises:
        LabError: The plan cannot be applied.
    """
    frozen = server.training.frozen(config)
    if frozen is None:
        st.skeleton(height=280)
        _wait(config)
        return None
    key = f"strip-{config.unfreeze}-{config.unfreeze_count}-{config.backbone}-{config.batchnorm}"
    strip(frozen, config, key, (lambda blocks: _unfreeze_from(key, blocks)) if config.method == "finetune" else None)
    if warnings := freezing.warnings(frozen, config, _n_train(config)):
        st.warning("\n\n".join(warnings), icon=":material/warning:")
    return frozen


def strip(frozen: Frozen, config: RunConfig, key: str, on_select: Callable[[int], None] | None = None) -> None:
    """The plan in one line and as a bar for each block, with learning rates where they differ.

    Args:
        on_select: Called with the number of bars when one is clicked.
    """
    st.markdown(sentence(frozen, config))
    blocks = pd.DataFrame([asdict(block) for block in frozen.blocks])
    blocks = blocks[blocks["params"] > 0].reset_index(drop=True)
    rates = layer_decay.rates(frozen, config) if config.layer_decay < 1 else {}
    components.chart(
        training_charts.freeze_strip(blocks, rates=rates, rate=config.learning_rate),
        key=key,
        alt=sentence(frozen, config).replace("*", ""),
        selection="points" if on_select else None,
        on_select=lambda: on_select(len(blocks)) if on_select else None,
    )
    if rates:
        st.caption(rates_sentence(rates, config.learning_rate))


def layers(frozen: Frozen, config: RunConfig) -> None:
    """The state of every layer, in an expander."""
    frame = pd.DataFrame([asdict(layer) for layer in frozen.layers])
    frame["trains"] = frame["trainable_params"] > 0
    rates = layer_decay.rates(frozen, config)
    frame["rate"] = [
        _rate(rates[block]) if trains else "" for block, trains in zip(frame["block"], frame["trains"], strict=True)
    ]
    with st.expander("All layers", icon=":material/view_list:"):
        st.dataframe(
            frame[["name", "kind", "block", "params", "trainable_params", "trains", "rate", "batchnorm"]],
            hide_index=True,
            height=380,
            column_config={
                "name": "Layer",
                "kind": "Kind",
                "block": "Block",
                "params": st.column_config.NumberColumn("Parameters", format="localized"),
                "trainable_params": st.column_config.NumberColumn("Trainable", format="localized"),
                "trains": st.column_config.CheckboxColumn("Trains"),
                "rate": "Learning rate",
                "batchnorm": "BatchNorm runs in",
            },
        )


def sentence(frozen: Frozen, config: RunConfig) -> str:
    """The plan in one line, read back from the network."""
    weights = (
        f"{frozen.trainable_weight_layers} of its {frozen.weight_layers} layers with weights, "
        f"**{formats.millions(frozen.trainable_params)} of {formats.millions(frozen.params)} parameters**"
    )
    if config.method == "scratch":
        return f"All of {config.backbone} trains from random values: {weights}"
    if frozen.asked:
        return f"The last {frozen.asked} of {frozen.slice_length} {config.unfreeze} of {config.backbone}: {weights}"
    return f"{config.backbone}: {weights}"


def rates_sentence(rates: Mapping[str, float], rate: float) -> str:
    """The learning rate of the head, and of the last and the first block that train."""
    (first, lowest), *_ = rates.items()
    *_, (last, highest) = rates.items()
    head = f"Learning rates: {_rate(rate)} for the head"
    if first == last:
        return f"{head}, {_rate(highest)} for the only block that trains ({last})"
    return f"{head}, then from {_rate(highest)} ({last}) down to {_rate(lowest)} ({first})"


def clicked(event: Mapping, blocks: int) -> int | None:
    """How many blocks from the end a click on the strip unfreezes; None if no block was clicked."""
    points = event.get("selection", {}).get("points", [])
    clicked_blocks = [point["customdata"] for point in points if "customdata" in point]
    if not clicked_blocks:
        return None
    index = clicked_blocks[0][0] if isinstance(clicked_blocks[0], list) else clicked_blocks[0]
    return blocks - int(index)


def memory(frozen: Frozen, config: RunConfig) -> int:
    """Bytes that weights, gradients and the optimizer's moments take; activations come on top."""
    moments = {"adam": 2, "adamw": 2, "sgd": 1 if config.momentum else 0}[config.optimizer]
    return 4 * (frozen.params + (1 + moments) * frozen.trainable_params)


def _how_many(backbone: str, input_size: int, what: str) -> int:
    """The number of blocks or layers, or `UNKNOWN` until the network has been inspected."""
    try:
        one = RunConfig(backbone=backbone, input_size=input_size, method="finetune", unfreeze=what, unfreeze_count=1)
        whole = server.training.frozen(one)
    except LabError:  # reported where the config itself is shown
        return UNKNOWN
    if whole is None:
        _wait(one)
        return UNKNOWN
    return whole.slice_length


def _n_train(config: RunConfig) -> int:
    """The number of training images; 0 for a config that cannot run, which the page says where it plans the run."""
    try:
        return server.runs.plan(config).n_train
    except LabError:
        return 0


@st.fragment(run_every=0.4)
def _wait(config: RunConfig) -> None:
    if not server.training.reading(config):
        components.redraw()


@address.together()
def _unfreeze_from(key: str, blocks: int) -> None:
    count = clicked(st.session_state.get(key, {}), blocks)
    if count:
        address.put("unfreeze", "blocks")
        address.put("unfreeze_count", count)


def _rate(value: float) -> str:
    return formats.learning_rate(float(f"{value:.2g}"))
