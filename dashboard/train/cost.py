"""What runs will do and cost on this machine, said before they start."""

from collections.abc import Sequence
from math import isnan

import streamlit as st

from core import heads
from core.config import RunConfig
from core.plan import Plan
from core.training.freezing import Frozen
from dashboard import server
from dashboard.train import freeze
from dashboard.ui import formats

KINDS = {"flip": "mirrored", "crop": "shifted", "colour": "recoloured"}


def show(configs: Sequence[RunConfig]) -> list[Plan]:
    """One sentence about what will happen, and a line of time for each run.

    Raises:
        LabError: One of the runs cannot be.
    """
    if not configs:
        st.info("Choose at least one backbone.", icon=":material/account_tree:")
        return []
    plans = [server.runs.plan(config) for config in configs]
    tell = _probe if not configs[0].trains else _finetune if configs[0].method == "finetune" else _scratch
    who = configs[0].backbone if len(configs) == 1 else f"Each of {len(configs)} backbones, one after the other,"
    st.markdown(tell(who, configs[0], plans[0]))
    for config, plan in zip(configs, plans, strict=True):
        _line(config, plan)
    return plans


def memory(config: RunConfig, frozen: Frozen) -> None:
    """What training holds: as an earlier run of its kind measured it, else what can be counted before."""
    counted = formats.storage(freeze.memory(frozen, config))
    seen = _seen(config)
    if seen:
        st.markdown(
            f"Memory: {formats.storage(seen)} :green-badge[:material/timer: measured]",
            help="The most that the working process held in the last run with this backbone, input size and batch.",
        )
    else:
        st.markdown(
            f"Memory: {counted} and what a batch of {config.batch_size} leaves in each layer",
            help="Counted: weights, gradients and what the optimizer remembers of them. After a first run the measured "
            "figure stands here.",
        )


def measure_button(backbone: str, input_size: int, label: str = "Measure") -> None:
    """Measure a speed on this machine; while that goes on, the place of the button tells so."""
    measurement = server.throughput.measurement(backbone, input_size)
    if measurement.running:
        st.caption(":material/hourglass_top: Measuring, about ten seconds", width="content")
        _wait(backbone, input_size)
    elif st.button(label, icon=":material/speed:", key=f"measure-{backbone}", disabled=_busy()):
        measurement.begin()
        st.rerun()


def _probe(who: str, config: RunConfig, plan: Plan) -> str:
    return (
        f"{who} looks at {formats.count(plan.images, 'image')} of {config.dataset}. Then a head "
        f"(**{heads.METHODS[config.method].title.lower()}**) learns from {formats.count(plan.n_train)} of them, "
        f"and is tested once on {formats.count(plan.n_test)} others."
    )


def _finetune(who: str, config: RunConfig, plan: Plan) -> str:
    if config.start:
        first = "The head of a finished probe is where it starts. Then"
    elif config.head_epochs:
        first = f"First a new head learns alone for {formats.count(config.head_epochs, 'epoch')}. Then"
    else:
        first = "From the start"
    what = {
        "all": "all of the network",
        "all-but-batchnorm": "all of the network but BatchNorm",
        "blocks": f"its last {formats.count(config.unfreeze_count, 'block')}",
        "layers": f"its last {formats.count(config.unfreeze_count, 'layer')}",
    }[config.unfreeze]
    return (
        f"{who} goes on learning from {formats.count(plan.n_train, 'image')} of {config.dataset}{_augmented(config)}. "
        f"{first} **{what}** and the head learn for {formats.count(config.epochs, 'epoch')} at a rate of "
        f"{formats.learning_rate(config.learning_rate)}. The best epoch on validation is tested once on "
        f"{formats.count(plan.n_test)} others."
    )


def _scratch(who: str, config: RunConfig, plan: Plan) -> str:
    return (
        f"{who} starts from random weights and learns from {formats.count(plan.n_train, 'image')} of "
        f"{config.dataset}{_augmented(config)} for {formats.count(config.epochs, 'epoch')}. The epoch that validates "
        f"best is tested once on {formats.count(plan.n_test)} others."
    )


def _augmented(config: RunConfig) -> str:
    kinds = [KINDS[kind] for kind in config.augmentations]
    return f", {' and '.join(kinds)} at random" if kinds else ""


def _line(config: RunConfig, plan: Plan) -> None:
    line = f"**{config.backbone}** · {config.input_size} px · {_time(config, plan)}"
    if plan.estimate and (plan.missing or config.trains):
        st.markdown(f"{line} :green-badge[:material/timer: measured]", help=plan.estimate.basis)
        return
    if not (plan.missing or config.trains):
        st.markdown(line)
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(line, width="content")
        measure_button(config.backbone, config.input_size)


def _time(config: RunConfig, plan: Plan) -> str:
    if not plan.missing and not config.trains:
        return "all features are cached: a few seconds"
    parts = ["its weights are downloaded first"] if plan.download else []
    if 0 < plan.missing < plan.images and not config.trains:
        parts.append(f"{formats.count(plan.images - plan.missing)} images are cached")
    if plan.estimate:
        parts.append(
            f"about {formats.duration(plan.estimate.seconds)} {'in all' if config.trains else 'for the features'}"
        )
    else:
        parts.append("its speed on this machine is not measured yet")
    return ", ".join(parts)


def _seen(config: RunConfig) -> float | None:
    """Bytes that the latest run of this kind held."""
    if not server.engine.store_open():
        return None
    names = ("backbone", "input_size", "batch_size", "unfreeze", "unfreeze_count")
    peaks = (
        run.peak_memory
        for run in server.runs.rows()
        if run.config.trains
        and not isnan(run.peak_memory)
        and all(getattr(run.config, name) == getattr(config, name) for name in names)
    )
    return next(peaks, None)


def _busy() -> bool:
    """A speed measured while a run works would be wrong."""
    return not server.engine.settled() or bool(server.runs.active())


@st.fragment(run_every=0.5)
def _wait(backbone: str, input_size: int) -> None:
    if not server.throughput.measurement(backbone, input_size).running:
        server.throughput.refresh()
        st.rerun()
