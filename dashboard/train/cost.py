"""What runs will do, and what they will cost on this machine."""

from collections.abc import Sequence
from math import isnan

import streamlit as st

from core import backbones, heads, sweeps
from core.config import RunConfig
from core.plan import Plan
from core.training.freezing import Frozen
from dashboard import server
from dashboard.train import freeze
from dashboard.ui import components, formats

KINDS = {"flip": "mirrored", "crop": "shifted", "colour": "recoloured"}


def show(entries: Sequence[Sequence[RunConfig]], cached_size: int = 0) -> list[Plan]:
    """One sentence about what will happen, and a line of time for each entry; their plans.

    Args:
        entries: One for each backbone: a run, its seeds, or a sweep.
        cached_size: The default input size in pixels, where that is not the backbone's own.

    Raises:
        LabError: One of the configurations is invalid.
    """
    if not entries:
        st.info("Choose at least one backbone.", icon=":material/account_tree:")
        return []
    plans = [server.runs.plan(*entry) for entry in entries]
    config = entries[0][0]
    describe = _probe if not config.trains else _finetune if config.method == "finetune" else _scratch
    subject = config.backbone if len(entries) == 1 else f"Each of {len(entries)} backbones, one after the other,"
    st.markdown(describe(subject, config, plans[0]))
    if len(entries[0]) > 1:
        st.markdown(_several(entries[0]))
    for entry, plan in zip(entries, plans, strict=True):
        _line(entry, plan)
    if all(config.input_size == cached_size for entry in entries for config in entry):
        st.caption(_why_this_size([entry[0] for entry in entries]))
    return plans


def summary(entries: Sequence[Sequence[RunConfig]], plans: Sequence[Plan]) -> str:
    """What these runs take together, in half a line."""
    first, many = entries[0][0], len(entries[0])
    several = "" if many == 1 else f" · {many} {'seeds' if sweeps.varied(entries[0]) == ('seed',) else 'runs'}"
    if len(entries) == 1:
        return f"**{first.backbone}** · {first.input_size} px{several} · {_time(entries[0], plans[0])}"
    seconds = [_seconds(entry, plan) for entry, plan in zip(entries, plans, strict=True)]
    unknown = seconds.count(None)
    total = formats.duration(sum(filter(None, seconds)))
    runs = f"**{len(entries)} backbones**{several}, one after the other"
    if unknown == len(entries):
        return f"{runs} · their speed on this machine has not been measured yet"
    return f"{runs} · about {total}" + (f" and {formats.count(unknown, 'run')} of unknown speed" if unknown else "")


def memory(config: RunConfig, frozen: Frozen) -> None:
    """Memory for training: measured in an earlier run with the same settings, else estimated."""
    counted = formats.storage(freeze.memory(frozen, config))
    measured = _peak_memory(config)
    if measured:
        st.markdown(
            f"Memory: {formats.storage(measured)} :green-badge[:material/timer: measured]",
            help="The peak main memory of the worker process during the latest run with this backbone, input "
            "size, batch size and unfreezing, including the libraries and the images. GPU memory is not included.",
        )
    else:
        st.markdown(
            f"Memory: {counted} plus the activations of a batch of {config.batch_size}",
            help="Counted: weights, gradients and optimizer state. After the first run, the measured figure is shown "
            "here.",
        )


def measure_button(backbone: str, input_size: int, label: str = "Measure") -> None:
    """A button that measures the speed on this machine; replaced by a note while the measurement runs."""
    measurement = server.throughput.measurement(backbone, input_size)
    if measurement.running:
        st.caption(":material/hourglass_top: Measuring, about ten seconds", width="content")
        _wait(backbone, input_size)
    elif st.button(label, icon=":material/speed:", key=f"measure-{backbone}", disabled=_busy()):
        measurement.begin()
        st.rerun()


def _probe(subject: str, config: RunConfig, plan: Plan) -> str:
    return (
        f"{subject} extracts features from {formats.count(plan.images, 'image')} of {_dataset(config)}. "
        f"Then a head (**{heads.METHODS[config.method].title.lower()}**) learns from {formats.count(plan.n_train)} of "
        f"them, and is tested once on {formats.count(plan.n_test)} others."
    )


def _finetune(subject: str, config: RunConfig, plan: Plan) -> str:
    if config.start:
        first = "It starts with the head of a finished probe. Then"
    elif config.head_epochs:
        first = f"First, only a new head is trained for {formats.count(config.head_epochs, 'epoch')}. Then"
    else:
        first = "From the start"
    what = {
        "all": "all of the network",
        "all-but-batchnorm": "all of the network except BatchNorm",
        "blocks": f"its last {formats.count(config.unfreeze_count, 'block')}",
        "layers": f"its last {formats.count(config.unfreeze_count, 'layer')}",
    }[config.unfreeze]
    return (
        f"{subject} continues to learn from {formats.count(plan.n_train, 'image')} of "
        f"{_dataset(config)}{_augmented(config)}. {first} **{what}** and the head learn for "
        f"{formats.count(config.epochs, 'epoch')} at a rate of {formats.learning_rate(config.learning_rate)}"
        f"{_decay(config)}. The best epoch on validation is tested once on {formats.count(plan.n_test)} others."
    )


def _decay(config: RunConfig) -> str:
    return f", multiplied by {config.layer_decay:g} for each block away from the head" if config.layer_decay < 1 else ""


def _scratch(subject: str, config: RunConfig, plan: Plan) -> str:
    return (
        f"{subject} starts from random weights and learns from {formats.count(plan.n_train, 'image')} of "
        f"{_dataset(config)}{_augmented(config)} for {formats.count(config.epochs, 'epoch')}. The "
        f"epoch with the best validation accuracy is tested once on {formats.count(plan.n_test)} others."
    )


def _why_this_size(configs: Sequence[RunConfig]) -> str:
    own = sorted({backbones.get(config.backbone).default_size for config in configs})
    sizes = formats.listed([str(size) for size in own])
    return (
        f"{configs[0].input_size} px instead of {sizes} px because features of these images are cached at this size. "
        "Change it under More."
    )


def _dataset(config: RunConfig) -> str:
    return formats.plain(server.datasets.title(config.dataset))


def _augmented(config: RunConfig) -> str:
    kinds = [KINDS[kind] for kind in config.augmentations]
    return f", {' and '.join(kinds)} at random" if kinds else ""


def _several(entry: Sequence[RunConfig]) -> str:
    """What its runs are, one after the other."""
    varied = sweeps.varied(entry)
    shared = "" if entry[0].trains or len({config.encoder for config in entry}) > 1 else " They share their features."
    if varied == ("seed",):
        return f"**{len(entry)} seeds**, one after the other: their mean is one entry.{shared}"
    over = " and ".join(map(sweeps.title, varied))
    return (
        f"**A sweep of {len(entry)} runs** over {over}, one after the other. The validation images choose one of them: "
        f"its accuracy on the test images is the result.{shared}"
    )


def _line(entry: Sequence[RunConfig], plan: Plan) -> None:
    config = entry[0]
    line = f"**{config.backbone}** · {config.input_size} px · {_time(entry, plan)}"
    if _seconds(entry, plan):
        st.markdown(f"{line} :green-badge[:material/timer: measured]", help=plan.estimate and plan.estimate.basis)
        return
    if not (plan.missing or config.trains):
        st.markdown(line)
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(line, width="content")
        measure_button(config.backbone, config.input_size)


def _time(entry: Sequence[RunConfig], plan: Plan) -> str:
    if _seconds(entry, plan) == 0:
        return "all features are cached: a few seconds"
    parts = ["its weights are downloaded first"] if plan.download else []
    if 0 < plan.missing < plan.images and not entry[0].trains:
        parts.append(f"{formats.count(plan.images - plan.missing)} images are cached")
    if plan.estimate:
        parts.append(f"about {formats.duration(plan.estimate.seconds)} in all")
    else:
        parts.append("its speed on this machine has not been measured yet")
    return ", ".join(parts)


def _seconds(entry: Sequence[RunConfig], plan: Plan) -> float | None:
    """Seconds of all runs of an entry, 0 for one whose features are cached; None: never measured here."""
    if not plan.missing and not entry[0].trains and (len(entry) == 1 or plan.estimate is None):
        return 0.0
    return plan.estimate.seconds if plan.estimate else None


def _peak_memory(config: RunConfig) -> float | None:
    """The peak memory in bytes of the latest run with these settings."""
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
    """Whether a run is active: it would distort a measured speed."""
    return not server.engine.settled() or server.runs.busy()


@st.fragment(run_every=0.5)
def _wait(backbone: str, input_size: int) -> None:
    if not server.throughput.measurement(backbone, input_size).running:
        server.throughput.refresh()
        components.redraw()
