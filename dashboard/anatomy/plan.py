"""The freeze slider of an architecture, and the totals of the plan it makes."""

import streamlit as st

from core import anatomy as anatomies
from core import backbones
from core.anatomy import Anatomy
from core.anatomy import cost as costs
from core.config import RunConfig
from core.data.datasets import Dataset
from core.training.freezing import Frozen
from dashboard import server
from dashboard.anatomy import comparison
from dashboard.state import address
from dashboard.train import cost
from dashboard.ui import choices, components, formats

SLICES = {"layers": "Layers", "blocks": "Blocks"}
NOTEBOOK_LAYERS = ("input", "backbone", "pooling", "dropout", "dense")  # of a model around a nested backbone


def choose(anatomy: Anatomy) -> tuple[str, int]:
    """The unit to unfreeze and how many, from the end; 0: only the head trains."""
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        unfreeze = choices.titled(st.segmented_control, "unfreeze", "Unfreeze the last", SLICES, required=True)
        most = anatomy.slices[unfreeze]
        count = address.number(
            st.slider,
            "unfreeze_count",
            f"How many {unfreeze}: 0 freezes the whole backbone, {most} freezes nothing",
            default=0,
            least=0,
            most=most,
            scope=f"anatomy-{unfreeze}",
        )
    return unfreeze, count


def show(anatomy: Anatomy, frozen: Frozen, dataset: Dataset, unfreeze: str) -> None:
    """The totals of the plan with a new head for a dataset, and a sentence on it."""
    classes = len(dataset.class_names)
    head = anatomies.head_params(anatomy, classes)
    total, trains = frozen.params + head, frozen.trainable_params + head
    config = _config(anatomy, frozen, dataset, unfreeze)
    figures = st.columns([1, 1, 1, 1, 1.2])
    _figure(figures[0], "Parameters", f"{total:,}", "Of the backbone and the new head")
    _figure(figures[1], "Trainable", f"{trains:,}")
    _figure(figures[2], "Frozen", f"{total - trains:,}", "With the statistics of BatchNorm, which never train")
    _figure(
        figures[3],
        "Memory to train",
        formats.storage(costs.memory(anatomy, frozen, config, classes)),
        f"Counted for batches of {config.batch_size} with Adam: weights, gradients, optimizer state, and the outputs "
        "of all layers from the first that trains. The libraries need additional memory.",
    )
    _epoch(figures[4], anatomy, frozen, config, len(server.datasets.splits(dataset)["train"]))
    st.markdown(f"{sentence(anatomy, frozen, unfreeze)} {_depth(anatomy, dataset)}")


def links(anatomy: Anatomy, frozen: Frozen, dataset: Dataset, unfreeze: str) -> None:
    """Links that take the plan to other pages."""
    plan = {"method": "finetune", "unfreeze": unfreeze, "unfreeze_count": str(frozen.asked)} if frozen.asked else {}
    components.link(
        "train",
        "Train this plan" if plan else "Train a head on it",
        icon=":material/play_circle:",
        backbones=anatomy.backbone,
        input_size=str(anatomy.input_size),
        dataset=dataset.name,
        **plan,
    )
    if anatomy.backbone in backbones.pretrained_names():
        components.link("backbones", "Published figures", icon=":material/account_tree:", backbone=anatomy.backbone)


def sentence(anatomy: Anatomy, frozen: Frozen, unfreeze: str) -> str:
    """The plan in one sentence."""
    most = anatomy.slices[unfreeze]
    if not frozen.asked:
        return "**The whole backbone is frozen**; only the new head trains."
    if frozen.asked == most:
        return f"**All {most} {unfreeze} train**, and the new head."
    weights = f"{frozen.trainable_weight_layers} of the {frozen.weight_layers} layers with weights"
    if not frozen.trainable_params:
        return f"**The last {frozen.asked} of {most} {unfreeze}** have nothing to train: only the new head does."
    return f"**The last {frozen.asked} of {most} {unfreeze} train**, {weights}, and the new head."


def _depth(anatomy: Anatomy, dataset: Dataset) -> str:
    counted = comparison.counted(backbones.get(anatomy.backbone))
    return (
        f"The head has the {len(dataset.class_names)} classes of {formats.plain(dataset.title)}. "
        f"**Depth: {anatomy.depth + 1} layers "
        f"with weights**{counted}; `len(model.layers)` says {len(NOTEBOOK_LAYERS)} where the backbone is nested in a "
        "model, because it counts as one."
    )


def _epoch(column, anatomy: Anatomy, frozen: Frozen, config: RunConfig, n_train: int) -> None:
    estimate = costs.epoch(anatomy, frozen, config, n_train)
    label = "An epoch here"
    if estimate:
        text = formats.duration(estimate.seconds) if estimate.seconds >= 0.95 else "under 1 s"
        _figure(column, label, text, f"Estimated for {formats.count(n_train, 'image')}. {estimate.basis}.")
        return
    with column:
        st.markdown(f":gray[{label}]", help=f"{anatomy.backbone} at {anatomy.input_size} px has not been measured here")
        cost.measure_button(anatomy.backbone, anatomy.input_size)


def _figure(column, label: str, value: str, help: str = "") -> None:
    """A labelled number with all its digits."""
    with column.container(gap=None):
        st.markdown(f":gray[{label}]", help=help or None)
        st.header(value, anchor=False)


def _config(anatomy: Anatomy, frozen: Frozen, dataset: Dataset, unfreeze: str) -> RunConfig:
    """The fine-tune this plan describes, with defaults otherwise."""
    return RunConfig(
        dataset=dataset.name,
        backbone=anatomy.backbone,
        input_size=anatomy.input_size,
        method="finetune",
        unfreeze=unfreeze,
        unfreeze_count=max(frozen.asked, 1),
    )
